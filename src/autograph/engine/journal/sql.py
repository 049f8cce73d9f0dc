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
                      timezone, status, worker, epoch, result, started_at, ended_at)
    SELECT c.id, c.owner_id, c.graph_id, c.graph_version, c.sub_graph_id, c.parent_id, c.parent_node_run, c.depth,
           c.timezone, c.status, c.worker, CASE WHEN c.status = 'queued' THEN 0 ELSE 1 END, c.result::json,
           CASE WHEN c.status <> 'queued' THEN now() END, CASE WHEN c.result IS NOT NULL THEN clock_timestamp() END
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::integer[], $8::text[], $9::uuid[],
                $10::integer[], $11::smallint[], $12::text[], $13::text[], $14::integer[], $15::text[])
         AS c (id, by, owner_id, graph_id, graph_version, sub_graph_id, parent_id, parent_node_run, depth,
               timezone, status, worker, result)
    WHERE c.by IN (SELECT id FROM owned)
), written AS (
    INSERT INTO run_events (run_id, seq, kind, body)
    SELECT e.run_id, e.seq, e.kind, e.body::json
    FROM unnest($16::uuid[], $17::uuid[], $18::integer[], $19::text[], $20::text[])
         AS e (by, run_id, seq, kind, body)
    WHERE e.by IN (SELECT id FROM owned)
), ended AS (
    UPDATE runs SET status = e.status, result = e.result::json, ended_at = clock_timestamp(), worker = NULL
    FROM unnest($21::uuid[], $22::text[], $23::text[]) AS e (id, status, result)
    WHERE runs.id = e.id AND e.id IN (SELECT id FROM owned)
)
SELECT id FROM owned
"""

APPEND: Final = """
WITH owned AS (
    SELECT r.id FROM unnest($1::uuid[], $2::integer[]) AS held (id, epoch)
    JOIN runs r ON r.id = held.id AND r.epoch = held.epoch
), written AS (
    INSERT INTO run_events (run_id, seq, kind, body)
    SELECT e.run_id, e.seq, e.kind, e.body::json
    FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::text[]) AS e (run_id, seq, kind, body)
    WHERE e.run_id IN (SELECT id FROM owned)
)
SELECT id FROM owned
"""
"""What `WRITE` does where runs only go on: most commits, with a quarter of the arguments."""

KEEP_PAYLOADS: Final = """
INSERT INTO payloads (digest, value) SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT (digest) DO NOTHING
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
WITH added AS (INSERT INTO jobs (run_id) SELECT unnest($1::uuid[]))
SELECT pg_notify('autograph_jobs', '')
"""

LOAD: Final = "SELECT kind, body::text FROM run_events WHERE run_id = $1 ORDER BY seq"

LOAD_PAYLOADS: Final = "SELECT digest, value FROM payloads WHERE digest = ANY ($1::text[])"

CLAIM: Final = """
UPDATE runs SET status = 'running', worker = $2, epoch = epoch + 1, started_at = coalesce(started_at, now())
WHERE id = ANY ($1::uuid[]) AND status = 'queued'
RETURNING id, owner_id, graph_id, graph_version, sub_graph_id, parent_id, parent_node_run, depth, timezone,
          epoch, crashes
"""

GIVE_BACK: Final = """
UPDATE runs SET status = 'queued', worker = NULL, queued_at = now(), crashes = crashes + $3
FROM unnest($1::uuid[], $2::integer[]) AS held (id, epoch)
WHERE runs.id = held.id AND runs.epoch = held.epoch AND status = 'running'
RETURNING runs.id
"""

PARK: Final = """
UPDATE runs SET status = 'waiting', worker = NULL
WHERE id = $1 AND epoch = $2 AND inbox_count = $3 AND status = 'running'
RETURNING id
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

STRAY: Final = (
    "SELECT id FROM runs WHERE status = 'queued' AND queued_at < now() - $1::interval LIMIT 1000"
)

RESULT: Final = "SELECT status, result::text FROM runs WHERE id = $1"
