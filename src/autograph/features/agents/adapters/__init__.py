"""Adapters of agents to what other features ask for."""
