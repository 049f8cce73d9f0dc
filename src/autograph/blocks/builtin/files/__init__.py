"""Files: keeping them, and reading what is in them."""
