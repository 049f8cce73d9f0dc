"""Text: putting together, taking apart, searching, filling in."""
