"""A cache in Redis."""
