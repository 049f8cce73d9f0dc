"""Adapters of the library to what other features ask for."""
