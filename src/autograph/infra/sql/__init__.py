"""Databases of others that people ask: one question, one answer, one connection. Our own is `infra/database.py`.

ports.py      what is asked, and what comes of it
reading.py    which statements only read; how values become JSON (pure)
client.py     asks the driver of the kind, by the egress rules
postgres.py   PostgreSQL, by asyncpg
"""
