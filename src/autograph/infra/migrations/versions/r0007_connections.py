"""Connections to other systems."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0007_connections.sql")
