"""Dispatch between processes that share a PostgreSQL: rows for work, NOTIFY for wake-ups and news."""
