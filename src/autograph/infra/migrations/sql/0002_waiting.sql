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
