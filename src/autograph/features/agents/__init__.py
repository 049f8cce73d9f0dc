"""Agents: graphs that people saved, and their versions."""
