"""The blocks that ship with Autograph, one folder per family; families are blind to each other.

The catalogue imports every module below this package and registers every `Block` subclass with an id.
"""
