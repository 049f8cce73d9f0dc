-- Connections to other systems: tokens that are refreshed once, flows that began, keys that are needed.

-- version: goes up with every new secret, so that of two who replace one, one does.
-- refreshing_until: somebody asks the provider for new tokens until then; others wait for what they bring.
-- ended_for: why no run can use it any more, in the provider's words.
ALTER TABLE credentials
    ADD COLUMN version           bigint NOT NULL DEFAULT 1,
    ADD COLUMN refreshing_until  timestamptz,
    ADD COLUMN ended_at          timestamptz,
    ADD COLUMN ended_for         text;

-- Who connects an account again goes on with the credential that there is.
CREATE UNIQUE INDEX credentials_connected ON credentials (user_id, provider, account)
    WHERE kind = 'oauth2' AND account IS NOT NULL;

-- A flow that began: good once, for ten minutes, for the person who began it. The verifier of PKCE is encrypted.
CREATE TABLE connection_states (
    id             uuid PRIMARY KEY,
    hash           bytea NOT NULL UNIQUE,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider       text NOT NULL,
    scopes         text[] NOT NULL,
    credential_id  uuid REFERENCES credentials (id) ON DELETE CASCADE,
    key_id         text NOT NULL REFERENCES key_canaries (key_id),
    sealed         bytea NOT NULL,
    expires_at     timestamptz NOT NULL,
    redirect_uri   text NOT NULL,
    metadata       json NOT NULL
);
CREATE INDEX connection_states_user ON connection_states (user_id);
CREATE INDEX connection_states_credential ON connection_states (credential_id);
CREATE INDEX connection_states_key ON connection_states (key_id);
CREATE INDEX connection_states_expired ON connection_states (expires_at);

-- A key that something is encrypted with cannot be forgotten, and nothing is encrypted with a forgotten one:
-- the canaries are the list of keys, whatever the processes believe that are running.
ALTER TABLE credentials
    ADD CONSTRAINT credentials_key_known FOREIGN KEY (key_id) REFERENCES key_canaries (key_id);
ALTER TABLE users
    ADD CONSTRAINT users_totp_key_known FOREIGN KEY (totp_key_id) REFERENCES key_canaries (key_id);

-- What runs did with credentials of the installation, for those who pay for them.
CREATE TABLE system_credential_uses (
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider  text NOT NULL,
    day       date NOT NULL,
    uses      bigint NOT NULL,
    PRIMARY KEY (user_id, provider, day)
);
