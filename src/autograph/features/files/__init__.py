"""Files of people: what they upload, and what their runs make."""
