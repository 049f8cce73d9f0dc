"""Accounts, sessions, keys, the audit log."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0004_accounts.sql")
