"""Values that may be forgotten at any moment, kept near: in the process, or in Redis."""
