"""The one way out: every HTTP request that Autograph makes, for whomever, goes through here.

addresses.py   which addresses are public (pure)
ports.py       requests, responses, rules
client.py      asks: resolve, check, connect to what was checked, follow redirects by hand
"""
