"""Which hosts people and agents may ask, and what they asked."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0010_egress.sql")
