"""Models: which there are, and how each maker's servers are spoken to.

catalogue.json   providers, models, prices, names that changed: data
catalogue.py     finds a model by its name
protocols/       one wire protocol each: request and answer, without any I/O
demo.py          a scripted local model: no network, no key, always the same answer
demo_senses.py   the same for what models hear, judge and draw
access.py        how a provider is reached, and what goes wrong there
client.py        asks: credential, request, stream, another try, what it took
shelf.py         what this installation has set about models
"""
