"""A person's library: their agents in folders, and presets: agents with what they are run with."""
