"""Arithmetic and counting."""
