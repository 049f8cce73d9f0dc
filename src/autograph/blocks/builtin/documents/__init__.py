"""Documents with a structure: XML, tables, samples of data."""
