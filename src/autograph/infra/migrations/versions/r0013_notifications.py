"""What people are told, and how they want to be."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add it."""
    execute_sql_file("0013_notifications.sql")
