"""Tables of credentials."""

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

credentials = Table(
    "credentials",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("provider", Text),
    Column("kind", Text),
    Column("title", Text),
    Column("key_id", Text),
    Column("sealed", LargeBinary),
    Column("scopes", ARRAY(Text)),
    Column("account", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
)
