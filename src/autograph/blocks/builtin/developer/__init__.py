"""What developers put together for their tools."""
