-- Runs shown by a link, and what people say of runs. Both go with the run, and with the person.

-- Of a link only the hash of its token is kept: whoever reads the database opens nothing with it.
CREATE TABLE run_shares (
    run_id      uuid PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash  bytea NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz
);
CREATE INDEX run_shares_owner ON run_shares (owner_id, run_id DESC);

CREATE TABLE run_feedback (
    run_id      uuid NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    graph_id    uuid NOT NULL,
    verdict     text NOT NULL CHECK (verdict IN ('good', 'bad')),
    words       text NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, user_id)
);
CREATE INDEX run_feedback_user ON run_feedback (user_id, graph_id, run_id DESC);
