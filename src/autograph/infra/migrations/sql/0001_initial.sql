-- People. One local owner until accounts come.
CREATE TABLE users (
    id          uuid PRIMARY KEY,
    email       text UNIQUE,
    name        text NOT NULL,
    timezone    text NOT NULL DEFAULT 'UTC',
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Agents. A graph is a name for its versions; a version never changes.
CREATE TABLE graphs (
    id              uuid PRIMARY KEY,
    owner_id        uuid NOT NULL REFERENCES users (id),
    name            text NOT NULL,
    active_version  integer NOT NULL,
    latest_version  integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);
CREATE INDEX graphs_owner ON graphs (owner_id, updated_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE graph_versions (
    graph_id      uuid NOT NULL REFERENCES graphs (id),
    version       integer NOT NULL CHECK (version > 0),
    name          text NOT NULL,
    description   text NOT NULL,
    content_hash  text NOT NULL,
    document      json NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (graph_id, version)
);
CREATE INDEX graph_versions_content ON graph_versions (content_hash);

-- Runs. No foreign keys out of here: runs outlive what they ran, and a commit of a thousand of them
-- should not look up a thousand graphs. `result` is what a finished run came to (derived from its journal).
CREATE TABLE runs (
    id               uuid PRIMARY KEY,
    owner_id         uuid NOT NULL,
    graph_id         uuid NOT NULL,
    graph_version    integer NOT NULL,
    sub_graph_id     text,
    parent_id        uuid,
    parent_node_run  integer,
    depth            smallint NOT NULL DEFAULT 0,
    timezone         text NOT NULL DEFAULT 'UTC',
    status           text NOT NULL CHECK (status IN
                     ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
    worker           integer,
    epoch            integer NOT NULL DEFAULT 0,
    crashes          smallint NOT NULL DEFAULT 0,
    inbox_count      integer NOT NULL DEFAULT 0,
    result           json,
    queued_at        timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    ended_at         timestamptz,
    deleted_at       timestamptz
) WITH (fillfactor = 70);
CREATE INDEX runs_owner ON runs (owner_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX runs_graph ON runs (graph_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX runs_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX runs_queued ON runs (queued_at) WHERE status = 'queued';
CREATE INDEX runs_running ON runs (worker) WHERE status = 'running';

-- The table of `autograph.engine.state.TRANSITIONS`; what it refuses, the database refuses.
CREATE FUNCTION runs_check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (OLD.status || '>' || NEW.status = ANY (ARRAY[
        'queued>running',
        'running>queued', 'running>waiting', 'running>completed', 'running>failed', 'running>cancelled',
        'waiting>queued'])) THEN
        RAISE EXCEPTION 'a run cannot go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_transition';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER runs_transition BEFORE UPDATE OF status ON runs
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION runs_check_transition();

-- The journal. `json`, not `jsonb`: a replayed value must be the very value that ran (docs/decisions/0003).
CREATE TABLE run_events (
    run_id  uuid NOT NULL,
    seq     integer NOT NULL CHECK (seq > 0),
    kind    text NOT NULL,
    body    json NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, seq)
);

-- Values too large for an event, once per content.
CREATE TABLE payloads (
    digest      text PRIMARY KEY,
    value       bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- What the world tells a run: cancel, a child's end. Deleted by the commit that takes it in.
CREATE TABLE run_inbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      uuid NOT NULL,
    kind        text NOT NULL,
    body        json NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX run_inbox_run ON run_inbox (run_id, id);

-- Wake-ups for workers, written with what they announce. May be lost or doubled: `runs` is the truth.
CREATE TABLE jobs (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id   uuid NOT NULL
);

-- A request that creates is done once per key, however often it is sent.
CREATE TABLE idempotency_keys (
    owner_id      uuid NOT NULL REFERENCES users (id),
    key           text NOT NULL,
    request_hash  text NOT NULL,
    resource_id   uuid NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, key)
);

-- What agents remember between runs. `scope` is a graph id, or '' for all of a person's agents.
CREATE TABLE stored_values (
    owner_id    uuid NOT NULL REFERENCES users (id),
    scope       text NOT NULL,
    key         text NOT NULL,
    value       json NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, scope, key)
);
