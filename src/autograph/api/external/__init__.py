"""`/external/v1`: what programs of others build on, by key or by the token of an app.

offered.py       the routes of `/api/v1` that are offered here, and who may use them
identity.py      whose key it is
credentials.py   what people use elsewhere
stream.py        a run's events, as they happen
autogpt.py       the same under `/external-api/v1`, in the shapes that AutoGPT's programs know
route.py         routes that let only programs in
"""
