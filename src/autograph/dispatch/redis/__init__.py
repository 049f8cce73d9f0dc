"""Dispatch through Redis: news between processes by its publish and subscribe."""
