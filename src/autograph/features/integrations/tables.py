"""Tables of credentials and connections."""

from sqlalchemy import BigInteger, Column, Date, DateTime, LargeBinary, MetaData, Table, Text, Uuid
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
    Column("version", BigInteger),
    Column("refreshing_until", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_for", Text),
)

connection_states = Table(
    "connection_states",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("hash", LargeBinary),
    Column("user_id", Uuid),
    Column("provider", Text),
    Column("scopes", ARRAY(Text)),
    Column("credential_id", Uuid),
    Column("key_id", Text),
    Column("sealed", LargeBinary),
    Column("expires_at", DateTime(timezone=True)),
)

system_credential_uses = Table(
    "system_credential_uses",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("uses", BigInteger),
)
