"""Databases of others."""
