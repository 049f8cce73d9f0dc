"""A person's presets: agents with what they are run with."""
