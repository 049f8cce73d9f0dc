"""Node runs that wait at breakpoints."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Let waits be breakpoints."""
    execute_sql_file("0014_debug.sql")
