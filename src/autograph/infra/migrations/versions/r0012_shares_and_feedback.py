"""Runs shown by a link, and what people say of runs."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0012_shares_and_feedback.sql")
