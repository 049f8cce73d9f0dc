"""Autograph: build AI agents as graphs of blocks and run them durably."""

__version__ = "0.1.0"
