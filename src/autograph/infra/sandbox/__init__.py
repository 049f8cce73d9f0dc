"""Where code that people wrote is run: behind a wall, or not at all."""
