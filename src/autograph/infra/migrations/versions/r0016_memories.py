"""What agents remember by meaning."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0016"
down_revision = "0013"


def upgrade() -> None:
    """Add it."""
    execute_sql_file("0016_memories.sql")
