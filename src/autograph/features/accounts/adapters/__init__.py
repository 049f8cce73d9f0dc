"""Adapters of what accounts need from outside."""
