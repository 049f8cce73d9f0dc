"""Dates, times and waiting."""
