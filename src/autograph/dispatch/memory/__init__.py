"""Dispatch inside one process."""
