"""The one way out: every request that Autograph makes, for whomever, goes through here.

addresses.py   which addresses are public (pure)
ports.py       requests, responses, rules
checks.py      what the rules say of a host and of an address (pure)
client.py      asks over HTTP: resolve, check, connect to what was checked, follow redirects by hand
dial.py        opens connections for other protocols: mail servers, databases
"""
