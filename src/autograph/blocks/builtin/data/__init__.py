"""Lists, dictionaries, conversions and samples."""
