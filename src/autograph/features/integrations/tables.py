"""Tables of credentials, connections and webhooks."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
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
    Column("redirect_uri", Text),
    Column("metadata", JSON),
)

system_credential_uses = Table(
    "system_credential_uses",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("uses", BigInteger),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("provider", Text),
    Column("kind", Text),
    Column("resource", Text),
    Column("events", ARRAY(Text)),
    Column("credential_id", Uuid),
    Column("is_automatic", Boolean),
    Column("options", JSON),
    Column("token_hash", LargeBinary),
    Column("key_id", Text),
    Column("sealed", LargeBinary),
    Column("hook_id", Text),
    Column("state", Text),
    Column("message", Text),
    Column("tries", Integer),
    Column("due_at", DateTime(timezone=True)),
    Column("registered_at", DateTime(timezone=True)),
    Column("checked_at", DateTime(timezone=True)),
    Column("last_ping_at", DateTime(timezone=True)),
    Column("last_delivery_at", DateTime(timezone=True)),
    Column("refused", Integer),
    Column("last_refused_at", DateTime(timezone=True)),
    Column("last_refused_for", Text),
    Column("created_at", DateTime(timezone=True)),
)

webhook_triggers = Table(
    "webhook_triggers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("webhook_id", Uuid),
    Column("user_id", Uuid),
    Column("events", ARRAY(Text)),
    Column("is_active", Boolean),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("webhook_id", Uuid),
    Column("user_id", Uuid),
    Column("known_by", Text),
    Column("body_hash", LargeBinary),
    Column("event", Text),
    Column("media_type", Text),
    Column("headers", JSON),
    Column("body", LargeBinary),
    Column("replay_of", Uuid),
    Column("received_at", DateTime(timezone=True)),
)

webhook_starts = Table(
    "webhook_starts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("delivery_id", Uuid),
    Column("trigger_id", Uuid),
    Column("user_id", Uuid),
    Column("status", Text),
    Column("run_id", Uuid),
    Column("message", Text),
    Column("tries", Integer),
    Column("due_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
)
