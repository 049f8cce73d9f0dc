"""Integrations, as other features need them."""
