"""Waits and timers, turns and limits, dead letters, charges."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0002_waiting.sql")
