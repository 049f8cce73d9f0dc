"""An agent's own inputs and outputs, and agents inside agents."""
