"""Blocks that start an agent when something happens elsewhere: what a webhook brought arrives at `payload`."""
