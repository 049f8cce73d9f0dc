"""Choosing a way, and going through items one by one."""
