-- Log-ins at other providers, and apps that act for people.

-- What somebody is called at a provider, so that they know which one to unlink.
ALTER TABLE identities
    ADD COLUMN id            uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN email         text,
    ADD COLUMN last_used_at  timestamptz;
ALTER TABLE one_time_tokens
    DROP CONSTRAINT one_time_tokens_purpose_check,
    ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('verify', 'reset', 'log_in', 'sign_in'));

-- Somebody is at a provider just now. What the provider is told to prove it by stays in their browser.
CREATE TABLE sign_ins (
    state_hash    bytea PRIMARY KEY,
    browser_hash  bytea NOT NULL,
    provider      text NOT NULL,
    user_id       uuid REFERENCES users (id) ON DELETE CASCADE,
    back          text NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX sign_ins_user ON sign_ins (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX sign_ins_expired ON sign_ins (expires_at);

-- Programs of others that people may let act for them.
CREATE TABLE apps (
    id               uuid PRIMARY KEY,
    owner_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name             text NOT NULL,
    description      text NOT NULL,
    website          text,
    redirect_uris    text[] NOT NULL,
    scopes           text[] NOT NULL,
    is_confidential  boolean NOT NULL,
    secret_hash      bytea,
    status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    suspended_for    text,
    created_at       timestamptz NOT NULL,
    CHECK (is_confidential = (secret_hash IS NOT NULL))
);
CREATE INDEX apps_owner ON apps (owner_id, id DESC);

-- What somebody has let an app do, once: the family of all tokens that came of it.
CREATE TABLE grants (
    id            uuid PRIMARY KEY,
    app_id        uuid NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    scopes        text[] NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    revoked_for   text
);
CREATE INDEX grants_app ON grants (app_id);
CREATE INDEX grants_user ON grants (user_id, app_id) WHERE revoked_at IS NULL;
CREATE INDEX grants_of ON grants (user_id);
CREATE INDEX grants_expired ON grants (expires_at);

CREATE TABLE grant_codes (
    hash          bytea PRIMARY KEY,
    app_id        uuid NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    redirect_uri  text NOT NULL,
    scopes        text[] NOT NULL,
    challenge     text NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    grant_id      uuid REFERENCES grants (id) ON DELETE CASCADE
);
CREATE INDEX grant_codes_app ON grant_codes (app_id);
CREATE INDEX grant_codes_user ON grant_codes (user_id);
CREATE INDEX grant_codes_grant ON grant_codes (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX grant_codes_expired ON grant_codes (expires_at);

CREATE TABLE grant_tokens (
    hash        bytea PRIMARY KEY,
    grant_id    uuid NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes      text[] NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX grant_tokens_grant ON grant_tokens (grant_id);
CREATE INDEX grant_tokens_expired ON grant_tokens (expires_at);
