"""People, agents, runs, the journal and the queue."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    execute_sql_file("0001_initial.sql")
