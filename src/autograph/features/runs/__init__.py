"""Runs: starting, watching, cancelling, reading them."""
