"""People and other systems that an agent waits for."""
