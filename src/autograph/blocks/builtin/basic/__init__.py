"""Values, notes and counting: what every agent needs."""
