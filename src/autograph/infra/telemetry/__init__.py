"""Spans of traces: what happened in a request, in which order, and for how long."""
