"""Files of people."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0009_files.sql")
