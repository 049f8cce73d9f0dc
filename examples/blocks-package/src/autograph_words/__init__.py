"""Blocks about words, as a package of its own may offer them."""
