"""Credentials of people at other systems."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0005_credentials.sql")
