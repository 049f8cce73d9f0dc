"""How often something may happen: in the process, or over all processes by Redis."""
