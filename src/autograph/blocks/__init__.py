"""Blocks: what a node does. `sdk` is all an author sees; `catalog` finds them; `builtin` ships them."""
