"""The graph: model, pins, schemas, validation, traversal, diff, agent files. PURE.

Nothing here reads a clock, a file, a socket or a random number; a graph is data, and importing,
validating or rendering one starts nothing.
"""
