-- Proofs of who somebody is elsewhere: one row each, encrypted; the row's id is authenticated with it.
CREATE TABLE credentials (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider      text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('api_key', 'oauth2', 'user_password', 'host_scoped')),
    title         text NOT NULL,
    key_id        text NOT NULL,
    sealed        bytea NOT NULL,
    scopes        text[] NOT NULL DEFAULT '{}',
    account       text,
    expires_at    timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    last_used_at  timestamptz
);
CREATE INDEX credentials_user ON credentials (user_id, provider, id DESC);
CREATE INDEX credentials_key ON credentials (key_id);
CREATE INDEX users_totp_key ON users (totp_key_id) WHERE totp_key_id IS NOT NULL;
