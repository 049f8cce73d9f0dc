"""Webhooks, presets and their triggers."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0008_webhooks.sql")
