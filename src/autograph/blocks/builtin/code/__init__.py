"""Code that people write, run in the sandbox."""
