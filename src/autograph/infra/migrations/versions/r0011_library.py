"""How people keep their agents: folders, favorites, what is put away."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add it."""
    execute_sql_file("0011_library.sql")
