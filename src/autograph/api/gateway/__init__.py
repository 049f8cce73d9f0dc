"""What every request passes, in this order: id, who, may they, how often, what — and then the handler.

gateway.py        around everything: the request's id, the size of its body, headers, errors as answers
guard.py          the steps, each a span: authenticate, authorise, limit, inspect
routes.py         routes that cannot be reached but through the guard, and what each of them declares
credentials.py    what a request shows to prove who sends it
limits.py         how often
inspection.py     what is refused whoever sends it
"""
