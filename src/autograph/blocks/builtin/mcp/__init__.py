"""Tools of other systems, by the Model Context Protocol."""
