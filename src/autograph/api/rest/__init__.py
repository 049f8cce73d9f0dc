"""REST: one module per noun of the product."""
