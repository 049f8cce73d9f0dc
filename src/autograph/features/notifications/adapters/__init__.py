"""Adapters of notifications."""
