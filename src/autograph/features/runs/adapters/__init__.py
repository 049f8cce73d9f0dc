"""What the engine's ports need of the product."""
