-- Webhooks, presets and their triggers.

-- An address that another system sends to. `sealed` holds the token in that address and the secret that signs.
CREATE TABLE webhooks (
    id                uuid PRIMARY KEY,
    user_id           uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider          text NOT NULL,
    kind              text NOT NULL,
    resource          text NOT NULL,
    events            text[] NOT NULL,
    credential_id     uuid REFERENCES credentials (id) ON DELETE SET NULL,
    is_automatic      boolean NOT NULL,
    options           json NOT NULL,
    token_hash        bytea NOT NULL UNIQUE,
    key_id            text NOT NULL REFERENCES key_canaries (key_id),
    sealed            bytea NOT NULL,
    hook_id           text,
    state             text NOT NULL CHECK (state IN ('waiting', 'pending', 'active', 'failed', 'removing')),
    message           text,
    tries             integer NOT NULL DEFAULT 0,
    due_at            timestamptz,
    registered_at     timestamptz,
    checked_at        timestamptz,
    last_ping_at      timestamptz,
    last_delivery_at  timestamptz,
    refused           integer NOT NULL DEFAULT 0,
    last_refused_at   timestamptz,
    last_refused_for  text,
    created_at        timestamptz NOT NULL
);
CREATE INDEX webhooks_user ON webhooks (user_id, id DESC);
CREATE INDEX webhooks_credential ON webhooks (credential_id) WHERE credential_id IS NOT NULL;
CREATE INDEX webhooks_key ON webhooks (key_id);
CREATE INDEX webhooks_due ON webhooks (due_at) WHERE due_at IS NOT NULL;
-- What is registered by us is shared by all triggers that listen to the same.
CREATE UNIQUE INDEX webhooks_shared ON webhooks (user_id, provider, kind, resource, credential_id)
    WHERE is_automatic;

-- Who listens to a webhook, and to what of it. The id is that of the preset that is run.
CREATE TABLE webhook_triggers (
    id          uuid PRIMARY KEY,
    webhook_id  uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    events      text[],
    is_active   boolean NOT NULL
);
CREATE INDEX webhook_triggers_webhook ON webhook_triggers (webhook_id);
CREATE INDEX webhook_triggers_user ON webhook_triggers (user_id);

-- What came, as it came: stored before the sender is told that it was taken.
CREATE TABLE webhook_deliveries (
    id           uuid PRIMARY KEY,
    webhook_id   uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    known_by     text,
    body_hash    bytea NOT NULL,
    event        text NOT NULL,
    media_type   text NOT NULL,
    headers      json NOT NULL,
    body         bytea NOT NULL,
    replay_of    uuid,
    received_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX webhook_deliveries_known ON webhook_deliveries (webhook_id, known_by) WHERE known_by IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id, id DESC);
CREATE INDEX webhook_deliveries_body ON webhook_deliveries (webhook_id, body_hash, received_at DESC);
CREATE INDEX webhook_deliveries_user ON webhook_deliveries (user_id, id DESC);
CREATE INDEX webhook_deliveries_received ON webhook_deliveries (received_at);

-- What becomes of a delivery, for each trigger: a row that waits until a process has started its run.
CREATE TABLE webhook_starts (
    id           uuid PRIMARY KEY,
    delivery_id  uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    trigger_id   uuid NOT NULL,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status       text NOT NULL CHECK (status IN ('stored', 'started', 'ignored', 'failed')),
    run_id       uuid,
    message      text,
    tries        integer NOT NULL DEFAULT 0,
    due_at       timestamptz,
    ended_at     timestamptz,
    UNIQUE (delivery_id, trigger_id)
);
CREATE INDEX webhook_starts_due ON webhook_starts (due_at, id) WHERE status = 'stored';
CREATE INDEX webhook_starts_user ON webhook_starts (user_id);
CREATE INDEX webhook_starts_trigger ON webhook_starts (trigger_id);

-- An agent with inputs and credentials chosen once, to be run by a word, or by what happens elsewhere.
CREATE TABLE presets (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text NOT NULL,
    description  text NOT NULL,
    graph_id     uuid NOT NULL REFERENCES graphs (id) ON DELETE CASCADE,
    version      integer,
    inputs       json NOT NULL,
    credentials  json NOT NULL,
    trigger      json,
    is_active    boolean NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX presets_user ON presets (user_id, id DESC);
CREATE INDEX presets_graph ON presets (graph_id);
