"""Log-ins at other providers, and apps that act for people."""

from autograph.infra.migrations.runner import execute_sql_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add them."""
    execute_sql_file("0006_sign_in.sql")
