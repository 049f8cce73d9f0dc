-- Files of people. What is in them lies in the file storage, once however many files hold the same; here is
-- what is known of it. An object in the storage that no row names is an upload that never came to its end.
CREATE TABLE file_contents (
    id          uuid PRIMARY KEY,
    digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    size_bytes  bigint NOT NULL CHECK (size_bytes >= 0),
    object_id   uuid NOT NULL UNIQUE,
    used_at     timestamptz NOT NULL
);

-- A file that a run has made names it, and goes with it; a run's row may come a moment later than its files.
CREATE TABLE files (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    content_id  uuid NOT NULL REFERENCES file_contents (id),
    run_id      uuid,
    name        text NOT NULL,
    media_type  text NOT NULL,
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL
);
CREATE INDEX files_user ON files (user_id, id DESC);
CREATE INDEX files_content ON files (content_id);
CREATE INDEX files_run ON files (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX files_expiry ON files (expires_at) WHERE expires_at IS NOT NULL;
