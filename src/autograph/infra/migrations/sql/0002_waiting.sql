-- What a run waits for: a row with a due time (`runs.wake_at`) or an awaited answer (`waits`).
ALTER TABLE runs ADD COLUMN wake_at timestamptz;
-- Whose turn it is: high (1), normal (0), low (-1) among the runs of one person.
ALTER TABLE runs ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -1 AND 1);
-- The newest journal format that anybody wrote into it (`autograph.engine.events.FORMAT`).
ALTER TABLE runs ADD COLUMN format smallint NOT NULL DEFAULT 1;

CREATE INDEX runs_wake ON runs (wake_at) WHERE status = 'waiting' AND wake_at IS NOT NULL;
DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (owner_id, priority DESC, queued_at) WHERE status = 'queued';
DROP INDEX runs_running;
CREATE INDEX runs_running ON runs (owner_id, graph_id, worker) WHERE status = 'running';

ALTER TABLE jobs ADD COLUMN priority smallint NOT NULL DEFAULT 0;
CREATE INDEX jobs_turn ON jobs (priority DESC, id);

-- How much of the workers a person gets, and an agent.
ALTER TABLE users ADD COLUMN weight smallint NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100);
ALTER TABLE users ADD COLUMN max_runs integer CHECK (max_runs > 0);
ALTER TABLE graphs ADD COLUMN max_runs integer CHECK (max_runs > 0);
-- Whether people are asked: by review nodes, and before nodes whose action is sensitive.
ALTER TABLE graphs ADD COLUMN human_in_the_loop_safe_mode boolean NOT NULL DEFAULT true;
ALTER TABLE graphs ADD COLUMN sensitive_action_safe_mode boolean NOT NULL DEFAULT false;

-- Questions to the world that a node run waits on. Written with its `node.waiting`; answered once.
CREATE TABLE waits (
    id             uuid PRIMARY KEY,
    run_id         uuid NOT NULL,
    node_run       integer NOT NULL,
    node_id        text NOT NULL,
    owner_id       uuid NOT NULL,
    graph_id       uuid NOT NULL,
    graph_version  integer NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('review', 'action', 'outcome', 'call')),
    status         text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'answered', 'void')),
    title          text NOT NULL,
    payload        json,
    is_editable    boolean NOT NULL DEFAULT false,
    token          text UNIQUE,
    due_at         timestamptz,
    answer         json,
    created_at     timestamptz NOT NULL DEFAULT now(),
    answered_at    timestamptz
);
CREATE INDEX waits_open ON waits (owner_id, id DESC) WHERE status = 'waiting';
CREATE INDEX waits_run ON waits (run_id);

-- Runs that nobody dares to run: set aside until a person decides.
CREATE TABLE dead_letters (
    id          uuid PRIMARY KEY,
    run_id      uuid NOT NULL,
    owner_id    uuid NOT NULL,
    graph_id    uuid NOT NULL,
    code        text NOT NULL,
    message     text NOT NULL,
    crashes     smallint NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    decision    text CHECK (decision IN ('redriven', 'discarded')),
    decided_at  timestamptz
);
CREATE UNIQUE INDEX dead_letters_open ON dead_letters (run_id) WHERE decision IS NULL;
CREATE INDEX dead_letters_owner ON dead_letters (owner_id, id DESC);

-- What node runs cost: one row a node run, written with its end, so that nothing is charged twice.
CREATE TABLE charges (
    run_id      uuid NOT NULL,
    node_run    integer NOT NULL,
    owner_id    uuid NOT NULL,
    node_id     text NOT NULL,
    block_id    text NOT NULL,
    credits     integer NOT NULL CHECK (credits >= 0),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, node_run)
);
CREATE INDEX charges_owner ON charges (owner_id, created_at);

-- Claims queued runs for a worker, those first whose turn it is: who has the fewest runs going, by weight,
-- is next, with the oldest of their runs of the highest priority.
--   room         runs the worker can take
--   share        runs of one person it may hold at once
--   per_person, per_graph   how many run at once everywhere, where person and graph do not say; null: any
--   newest       the newest journal format it knows
CREATE FUNCTION take_runs(
    for_worker integer, room integer, share integer, per_person integer, per_graph integer, newest smallint
) RETURNS TABLE (
    id uuid, owner_id uuid, graph_id uuid, graph_version integer, sub_graph_id text, parent_id uuid,
    parent_node_run integer, depth smallint, timezone text, priority smallint, epoch integer, crashes smallint,
    inbox_count integer, turn double precision
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- Two workers must not fill the same person's last place at once. The second one's statement begins
    -- after it has the lock, so it sees what the first one took.
    PERFORM pg_advisory_xact_lock(21589, 0);
    RETURN QUERY
    WITH RECURSIVE owner AS (
        (SELECT owner_id FROM runs WHERE status = 'queued' ORDER BY owner_id LIMIT 1)
        UNION ALL
        SELECT (SELECT r.owner_id FROM runs r WHERE r.status = 'queued' AND r.owner_id > owner.owner_id
                ORDER BY r.owner_id LIMIT 1)
        FROM owner WHERE owner.owner_id IS NOT NULL
    ), busy AS (
        SELECT owner_id, graph_id, count(*) AS runs,
               count(*) FILTER (WHERE worker = take_runs.for_worker) AS here
        FROM runs WHERE status = 'running' GROUP BY owner_id, graph_id
    ), person AS (
        SELECT o.owner_id, coalesce(u.weight, 1) AS weight, coalesce(sum(b.runs), 0) AS going,
               least(coalesce(u.max_runs, take_runs.per_person) - coalesce(sum(b.runs), 0),
                     take_runs.share - coalesce(sum(b.here), 0), take_runs.room) AS room
        FROM owner o LEFT JOIN users u ON u.id = o.owner_id LEFT JOIN busy b ON b.owner_id = o.owner_id
        WHERE o.owner_id IS NOT NULL GROUP BY o.owner_id, u.weight, u.max_runs
    ), filled AS (
        SELECT b.graph_id, sum(b.runs) AS going, coalesce(g.max_runs, take_runs.per_graph) AS most
        FROM busy b LEFT JOIN graphs g ON g.id = b.graph_id GROUP BY b.graph_id, g.max_runs
    ), next AS (
        SELECT r.id, r.epoch, r.graph_id, r.queued_at, p.weight, p.going,
               row_number() OVER (PARTITION BY p.owner_id ORDER BY r.priority DESC, r.queued_at) AS place,
               row_number() OVER (PARTITION BY r.graph_id ORDER BY r.priority DESC, r.queued_at) AS graph_place
        FROM person p CROSS JOIN LATERAL (
            SELECT id, epoch, graph_id, priority, queued_at FROM runs
            WHERE status = 'queued' AND owner_id = p.owner_id AND format <= take_runs.newest
              AND graph_id NOT IN (SELECT f.graph_id FROM filled f WHERE f.going >= f.most)
            ORDER BY priority DESC, queued_at LIMIT greatest(p.room, 0)
        ) r
    ), picked AS (
        SELECT n.id, n.epoch, (n.going + n.place)::float / n.weight AS turn, n.queued_at
        FROM next n LEFT JOIN graphs g ON g.id = n.graph_id LEFT JOIN filled f ON f.graph_id = n.graph_id
        WHERE coalesce(g.max_runs, take_runs.per_graph) IS NULL
           OR n.graph_place + coalesce(f.going, 0) <= coalesce(g.max_runs, take_runs.per_graph)
        ORDER BY turn, n.queued_at LIMIT take_runs.room
    ), claimed AS (
        UPDATE runs SET status = 'running', worker = take_runs.for_worker, epoch = runs.epoch + 1, wake_at = NULL,
                        format = greatest(format, take_runs.newest), started_at = coalesce(started_at, now())
        FROM picked WHERE runs.id = picked.id AND runs.epoch = picked.epoch
        RETURNING runs.id, runs.owner_id, runs.graph_id, graph_version, sub_graph_id, parent_id,
                  parent_node_run, depth, timezone, priority, runs.epoch, crashes, inbox_count, turn
    )
    SELECT * FROM claimed ORDER BY turn;
END
$$;
