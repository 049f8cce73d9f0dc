"""Rates counted in Redis."""
