"""Tables of people."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text),
    Column("name", Text),
    Column("timezone", Text),
    Column("weight", SmallInteger),
    Column("max_runs", Integer),
    Column("egress_hosts", ARRAY(Text)),
    Column("roles", ARRAY(Text)),
    Column("status", Text),
    Column("suspended_for", Text),
    Column("password_hash", Text),
    Column("verified_at", DateTime(timezone=True)),
    Column("totp_key_id", Text),
    Column("totp_sealed", LargeBinary),
    Column("totp_since", DateTime(timezone=True)),
    Column("totp_last_step", BigInteger),
    Column("last_seen_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True)),
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Uuid),
    Column("id", Uuid),
    Column("email", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    Column("browser_hash", LargeBinary),
    Column("provider", Text),
    Column("user_id", Uuid),
    Column("back", Text),
    Column("expires_at", DateTime(timezone=True)),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("method", Text),
    Column("ip", Text),
    Column("agent", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("last_seen_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_for", Text),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid),
    Column("used_at", DateTime(timezone=True)),
)

one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid),
    Column("purpose", Text),
    Column("email", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("name", Text),
    Column("head", Text),
    Column("hash", LargeBinary),
    Column("scopes", ARRAY(Text)),
    Column("rate", Integer),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

apps = Table(
    "apps",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid),
    Column("name", Text),
    Column("description", Text),
    Column("website", Text),
    Column("redirect_uris", ARRAY(Text)),
    Column("scopes", ARRAY(Text)),
    Column("is_confidential", Boolean),
    Column("secret_hash", LargeBinary),
    Column("status", Text),
    Column("suspended_for", Text),
    Column("created_at", DateTime(timezone=True)),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("app_id", Uuid),
    Column("user_id", Uuid),
    Column("scopes", ARRAY(Text)),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_for", Text),
)

grant_codes = Table(
    "grant_codes",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("app_id", Uuid),
    Column("user_id", Uuid),
    Column("redirect_uri", Text),
    Column("scopes", ARRAY(Text)),
    Column("challenge", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Column("grant_id", Uuid),
)

grant_tokens = Table(
    "grant_tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("grant_id", Uuid),
    Column("kind", Text),
    Column("scopes", ARRAY(Text)),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("actor_id", Uuid),
    Column("door", Text),
    Column("action", Text),
    Column("target", Text),
    Column("outcome", Text),
    Column("before", JSON),
    Column("after", JSON),
    Column("ip", Text),
    Column("request_id", Text),
)
