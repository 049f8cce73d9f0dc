"""Where the bytes of files lie: one port, a folder or a bucket behind it."""
