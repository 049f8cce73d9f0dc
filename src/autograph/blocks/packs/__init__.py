"""Systems of others, each described by one file `<id>.toml` beside this one; its actions are blocks.

provider.py     what such a file says of connecting, checked; read when somebody asks for it
auth.py         puts what is secret onto a request, as the file says
format.py       what it says of actions, checked
pins.py · templates.py · selectors.py · filters.py     the small closed languages in it
exchange.py · answer.py     an action, carried out
action.py       an action as a block
shelf.py        which actions there are, without reading them: `index.json`
recordings.py   what was recorded of each: its examples and tests
quirks/         functions for what cannot be said
lint.py · openapi.py        checks packs, makes them
"""
