"""WebSocket: what happens, as it happens."""
