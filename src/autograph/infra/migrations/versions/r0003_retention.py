"""Journals by month, payloads compressed and counted, what runs keep."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0003_retention.sql")
