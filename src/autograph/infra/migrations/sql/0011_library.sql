-- How people keep their agents: folders, favorites, what is put away.

CREATE TABLE library_folders (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    parent_id   uuid,
    name        text NOT NULL,
    icon        text,
    color       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    FOREIGN KEY (user_id, parent_id) REFERENCES library_folders (user_id, id) ON DELETE CASCADE
);
CREATE INDEX library_folders_parent ON library_folders (user_id, parent_id);
CREATE UNIQUE INDEX library_folders_name ON library_folders (user_id, parent_id, lower(name)) NULLS NOT DISTINCT;

-- What somebody said about an agent. An agent without a row is in no folder, no favorite, and not put away.
CREATE TABLE library_agents (
    graph_id     uuid PRIMARY KEY REFERENCES graphs (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    folder_id    uuid,
    is_favorite  boolean NOT NULL DEFAULT false,
    archived_at  timestamptz,
    FOREIGN KEY (user_id, folder_id) REFERENCES library_folders (user_id, id) ON DELETE SET NULL (folder_id)
);
CREATE INDEX library_agents_folder ON library_agents (user_id, folder_id);

-- The last run of an agent is found without passing by the runs inside its runs, however many.
DROP INDEX runs_graph;
CREATE INDEX runs_graph ON runs (graph_id, id DESC) WHERE deleted_at IS NULL AND parent_id IS NULL;
CREATE INDEX runs_waiting ON runs (owner_id, graph_id) WHERE status = 'waiting';
