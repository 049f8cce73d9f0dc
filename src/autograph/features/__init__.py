"""One folder per noun of the product, each with the same anatomy.

`models` (values and pure rules) · `errors` · `tables` · `repository` (all SQL) · `service` (use cases:
authorise, write once) · `ports` and `adapters` where something has several implementations.
"""
