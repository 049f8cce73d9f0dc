"""Every statement of the PostgreSQL journal, named."""

from typing import Final

WRITE: Final = """
WITH owned AS (
    SELECT r.id FROM unnest($1::uuid[], $2::integer[]) AS held (id, epoch)
    JOIN runs r ON r.id = held.id AND r.epoch = held.epoch
    UNION ALL
    SELECT run_id FROM unnest($3::uuid[], $4::uuid[]) AS fresh (run_id, by) WHERE run_id = by
), created AS (
    INSERT INTO runs (id, owner_id, graph_id, graph_version, sub_graph_id, parent_id, parent_node_run, depth,
                      timezone, priority, format, status, worker, epoch, result, started_at, ended_at)
    SELECT c.id, c.owner_id, c.graph_id, c.graph_version, c.sub_graph_id, c.parent_id, c.parent_node_run, c.depth,
           c.timezone, c.priority, $25, c.status, c.worker, CASE WHEN c.status = 'queued' THEN 0 ELSE 1 END,
           c.result::json, CASE WHEN c.status <> 'queued' THEN now() END,
           CASE WHEN c.result IS NOT NULL THEN clock_timestamp() END
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::integer[], $8::text[], $9::uuid[],
                $10::integer[], $11::smallint[], $12::text[], $13::smallint[], $14::text[], $15::integer[], $16::text[])
         AS c (id, by, owner_id, graph_id, graph_version, sub_graph_id, parent_id, parent_node_run, depth,
               timezone, priority, status, worker, result)
    WHERE c.by IN (SELECT id FROM owned)
    RETURNING id, owner_id, parent_id, status
), written AS (
    INSERT INTO run_events (run_id, seq, kind, body)
    SELECT e.run_id, e.first + one.place - 1, one.kind, one.body::json
    FROM unnest($17::uuid[], $18::uuid[], $19::integer[], $20::text[], $21::text[]) AS e (by, run_id, first, kinds, bodies),
         unnest(string_to_array(e.kinds, E'\n'), string_to_array(e.bodies, E'\n'))
             WITH ORDINALITY AS one (kind, body, place)
    WHERE e.by IN (SELECT id FROM owned)
), ended AS (
    UPDATE runs SET status = e.status, result = e.result::json, ended_at = clock_timestamp(), worker = NULL
    FROM unnest($22::uuid[], $23::text[], $24::text[]) AS e (id, status, result)
    WHERE runs.id = e.id AND e.id IN (SELECT id FROM owned)
    RETURNING runs.id, runs.owner_id, runs.parent_id, runs.status
), told AS (
    INSERT INTO happenings (kind, user_id, subject)
    SELECT 'run.' || status, owner_id, id FROM (SELECT * FROM created UNION ALL SELECT * FROM ended) AS over
    WHERE parent_id IS NULL AND (status = 'failed' OR status = 'completed' AND EXISTS (
        SELECT 1 FROM notification_preferences AS p
        WHERE p.user_id = over.owner_id AND p.chosen -> 'run_completed' IS NOT NULL))
)
SELECT id FROM owned
"""
"""Nobody is told of a run that is done who did not choose it, so for others nothing is noted."""

APPEND: Final = """
WITH owned AS (
    SELECT r.id FROM unnest($1::uuid[], $2::integer[]) AS held (id, epoch)
    JOIN runs r ON r.id = held.id AND r.epoch = held.epoch
), written AS (
    INSERT INTO run_events (run_id, seq, kind, body)
    SELECT e.run_id, e.first + one.place - 1, one.kind, one.body::json
    FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::text[]) AS e (run_id, first, kinds, bodies),
         unnest(string_to_array(e.kinds, E'\n'), string_to_array(e.bodies, E'\n'))
             WITH ORDINALITY AS one (kind, body, place)
    WHERE e.run_id IN (SELECT id FROM owned)
)
SELECT id FROM owned
"""
"""What `WRITE` does where runs only go on: most commits, with a quarter of the arguments."""

# A payload that is there is touched: it is locked until the commit, so that sweeping cannot take it meanwhile.
KEEP_PAYLOADS: Final = """
WITH kept AS (
    INSERT INTO payloads (digest, encoding, value) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
    ON CONFLICT (digest) DO UPDATE SET used_at = now()
)
INSERT INTO payload_uses (run_id, digest) SELECT * FROM unnest($4::uuid[], $5::text[])
ON CONFLICT DO NOTHING
"""

CONSUME: Final = "DELETE FROM run_inbox WHERE id = ANY ($1::bigint[])"

SEND: Final = """
WITH message AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS m (run_id, kind, body, place)
), told AS (
    UPDATE runs SET inbox_count = inbox_count + 1,
                    status = CASE status WHEN 'waiting' THEN 'queued' ELSE status END,
                    queued_at = CASE status WHEN 'waiting' THEN now() ELSE queued_at END
    FROM (SELECT DISTINCT run_id FROM message) m
    WHERE runs.id = m.run_id AND status IN ('queued', 'running', 'waiting')
    RETURNING runs.id, runs.status, runs.worker
), kept AS (
    INSERT INTO run_inbox (run_id, kind, body)
    SELECT m.run_id, m.kind, m.body::json FROM message m JOIN told ON told.id = m.run_id ORDER BY m.place
), woken AS (
    INSERT INTO jobs (run_id) SELECT id FROM told WHERE status = 'queued'
)
SELECT id, CASE WHEN worker IS NULL THEN pg_notify('autograph_jobs', '')
                ELSE pg_notify('autograph_inbox', id::text) END
FROM told
"""

QUEUE: Final = """
WITH added AS (INSERT INTO jobs (run_id, priority) SELECT * FROM unnest($1::uuid[], $2::smallint[]))
SELECT pg_notify('autograph_jobs', '')
"""

ASK: Final = """
WITH asked AS (
    INSERT INTO waits (id, run_id, node_run, node_id, owner_id, graph_id, graph_version, kind, title, payload,
                       is_editable, token, due_at)
    SELECT q.id, q.run_id, q.node_run, q.node_id, r.owner_id, r.graph_id, r.graph_version, q.kind, q.title,
           q.payload::json, q.is_editable, q.token, q.due_at
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::boolean[], $9::text[], $10::timestamptz[])
         AS q (id, run_id, node_run, node_id, kind, title, payload, is_editable, token, due_at)
    JOIN runs r ON r.id = q.run_id
    RETURNING id, owner_id, is_question
)
INSERT INTO happenings (kind, user_id, subject)
SELECT 'review.asked', owner_id, id FROM asked WHERE is_question
"""

# Keyed by node run: whatever happens, a node run is charged once.
CHARGE: Final = """
INSERT INTO charges (run_id, node_run, owner_id, node_id, block_id, credits)
SELECT c.run_id, c.node_run, c.owner_id, c.node_id, c.block_id, c.credits
FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::integer[])
     AS c (run_id, node_run, owner_id, node_id, block_id, credits)
ON CONFLICT (run_id, node_run) DO NOTHING
"""

CLOSE: Final = """
WITH closed AS (
    UPDATE waits SET status = 'void', answered_at = now() WHERE run_id = ANY ($1::uuid[]) AND status = 'waiting'
    RETURNING id, owner_id, is_question
), told AS (
    INSERT INTO happenings (kind, user_id, subject)
    SELECT 'review.closed', owner_id, id FROM closed WHERE is_question
)
UPDATE dead_letters SET decision = 'discarded', decided_at = now()
WHERE run_id = ANY ($1::uuid[]) AND decision IS NULL
"""

ANSWER: Final = """
WITH answered AS (
    UPDATE waits SET status = 'answered', answer = $2::text::json, answered_at = now()
    WHERE id = $1 AND status = 'waiting' RETURNING id, run_id, owner_id, is_question
), told AS (
    INSERT INTO happenings (kind, user_id, subject)
    SELECT 'review.closed', owner_id, id FROM answered WHERE is_question
)
SELECT run_id FROM answered
"""

LOAD: Final = """
SELECT run_id, kind, body::text FROM run_events WHERE run_id = ANY ($1::uuid[]) ORDER BY run_id, seq
"""

LENGTH: Final = "SELECT coalesce(max(seq), 0) FROM run_events WHERE run_id = $1"

LOAD_PAYLOADS: Final = (
    "SELECT digest, encoding, value FROM payloads WHERE digest = ANY ($1::text[])"
)

TAKE: Final = """
SELECT * FROM take_runs($1::integer, $2::integer, $3::integer, $4::integer, $5::integer, $6::smallint)
"""
"""Whose turn it is: a function (migration 0002), so that no worker holds the turn over a round trip."""

LEFT: Final = """
SELECT EXISTS (SELECT 1 FROM runs WHERE status = 'queued' AND format <= $1) AS is_more,
       (SELECT max(format) FROM runs WHERE status = 'queued' AND format > $1) AS newest
"""

GIVE_BACK: Final = """
UPDATE runs SET status = 'queued', worker = NULL, queued_at = now(), crashes = crashes + $3
FROM unnest($1::uuid[], $2::integer[]) AS held (id, epoch)
WHERE runs.id = held.id AND runs.epoch = held.epoch AND status = 'running'
RETURNING runs.id
"""

PARK: Final = """
UPDATE runs SET status = 'waiting', worker = NULL, wake_at = now() + $4::interval
WHERE id = $1 AND epoch = $2 AND inbox_count = $3 AND status = 'running'
RETURNING id
"""

BURY: Final = """
WITH buried AS (
    UPDATE runs SET status = 'waiting', worker = NULL, wake_at = NULL
    WHERE id = $1 AND epoch = $2 AND inbox_count = $3 AND status = 'running'
    RETURNING id, owner_id, graph_id, crashes
), noted AS (
    INSERT INTO dead_letters (id, run_id, owner_id, graph_id, code, message, crashes)
    SELECT $4, id, owner_id, graph_id, $5, $6, crashes FROM buried
    ON CONFLICT (run_id) WHERE decision IS NULL DO NOTHING
    RETURNING run_id, message
), told AS (
    INSERT INTO happenings (kind, subject, body)
    SELECT 'run.set_aside', run_id, json_build_object('message', message) FROM noted
)
SELECT id FROM buried
"""

REDRIVE: Final = """
WITH decided AS (
    UPDATE dead_letters SET decision = 'redriven', decided_at = now()
    WHERE run_id = $1 AND decision IS NULL RETURNING run_id
)
UPDATE runs SET status = 'queued', crashes = 0, queued_at = now()
WHERE id IN (SELECT run_id FROM decided) AND status = 'waiting'
RETURNING id, priority
"""

INBOX_COUNT: Final = "SELECT inbox_count FROM runs WHERE id = $1"

INBOX: Final = "SELECT id, kind, body::text FROM run_inbox WHERE run_id = $1 ORDER BY id"

# A worker lives while it holds its advisory lock: the server lets go of it the moment the process dies.
REAP: Final = """
UPDATE runs SET status = 'queued', worker = NULL, queued_at = now(), crashes = crashes + 1
WHERE status = 'running' AND worker NOT IN (
    SELECT objid::bigint::integer FROM pg_locks
    WHERE locktype = 'advisory' AND classid = $1::integer::oid AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
RETURNING id
"""

WAKE: Final = """
UPDATE runs SET status = 'queued', queued_at = now(), wake_at = NULL
WHERE status = 'waiting' AND wake_at <= now() + $1::interval
RETURNING id
"""

RESULT: Final = "SELECT status, result::text FROM runs WHERE id = $1"
