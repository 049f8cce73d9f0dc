-- People who log in. The first one is the person at this machine, until they set up an owner's account.
ALTER TABLE users
    ADD COLUMN roles           text[] NOT NULL DEFAULT '{user}',
    ADD COLUMN status          text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    ADD COLUMN suspended_for   text,
    ADD COLUMN password_hash   text,
    ADD COLUMN verified_at     timestamptz,
    ADD COLUMN totp_key_id     text,
    ADD COLUMN totp_sealed     bytea,
    ADD COLUMN totp_since      timestamptz,
    ADD COLUMN totp_last_step  bigint,
    ADD COLUMN last_seen_at    timestamptz,
    ADD CONSTRAINT users_email_lower CHECK (email = lower(email));
UPDATE users SET roles = '{user,creator,reviewer,support,admin}'
    WHERE id = '01900000-0000-7000-8000-000000000001';

-- The same person at a provider of log-ins, or at an issuer of tokens.
CREATE TABLE identities (
    issuer      text NOT NULL,
    subject     text NOT NULL,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

-- A log-in on one device, and the refresh tokens it has had: one is good, the others prove a theft.
CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method        text NOT NULL,
    ip            text NOT NULL,
    agent         text NOT NULL,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    revoked_for   text
);
CREATE INDEX sessions_user ON sessions (user_id, last_seen_at DESC) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expired ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash        bytea PRIMARY KEY,
    session_id  uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    used_at     timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Links in mails: each is good once.
CREATE TABLE one_time_tokens (
    hash        bytea PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose     text NOT NULL CHECK (purpose IN ('verify', 'reset', 'log_in')),
    email       text NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_expired ON one_time_tokens (expires_at);

CREATE TABLE api_keys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          text NOT NULL,
    head          text NOT NULL,
    hash          bytea NOT NULL UNIQUE,
    scopes        text[] NOT NULL,
    rate          integer CHECK (rate > 0),
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    last_used_at  timestamptz,
    revoked_at    timestamptz
);
CREATE INDEX api_keys_user ON api_keys (user_id, id DESC);

-- Who did what. Lines are added, and nothing else: the trigger refuses the rest, whoever asks.
-- No foreign keys: the log outlives those it tells of.
CREATE TABLE audit_log (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor_id    uuid,
    door        text NOT NULL,
    action      text NOT NULL,
    target      text NOT NULL,
    outcome     text NOT NULL,
    before      json NOT NULL,
    after       json NOT NULL,
    ip          text NOT NULL,
    request_id  text NOT NULL
);
CREATE INDEX audit_log_actor ON audit_log (actor_id, id DESC);
CREATE INDEX audit_log_target ON audit_log (target, id DESC);
CREATE INDEX audit_log_action ON audit_log (action, id DESC);
CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_log_never_emptied BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();

-- A text that every process must be able to decrypt before it starts, for each key in use.
CREATE TABLE key_canaries (
    key_id      text PRIMARY KEY,
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
