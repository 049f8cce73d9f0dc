-- What agents remember by meaning. `scope` is a graph id, or '' for all of a person's agents; `vector` has length 1.
CREATE TABLE memories (
    owner_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    scope      text NOT NULL,
    id         uuid NOT NULL,
    collection text NOT NULL,
    model      text NOT NULL,
    text       text NOT NULL,
    metadata   jsonb NOT NULL,
    vector     real[] NOT NULL,
    size_bytes integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    PRIMARY KEY (owner_id, scope, id)
);

-- Numbers that look random: pressing them together takes time and saves nothing.
ALTER TABLE memories ALTER COLUMN vector SET STORAGE EXTERNAL;

CREATE INDEX memories_of_a_collection ON memories (owner_id, scope, collection, model);
CREATE INDEX memories_by_age ON memories (created_at);
CREATE INDEX memories_by_end ON memories (expires_at) WHERE expires_at IS NOT NULL;

-- Nearness is reckoned by pgvector where the server has it; without it the same is reckoned in SQL, more slowly.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'pgvector is there, and this role may not switch it on: CREATE EXTENSION vector';
END
$$;
