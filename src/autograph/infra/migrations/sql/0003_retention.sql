-- Journals by month: all events of a run are in the partition of the month in which the run was accepted, because
-- its id (UUIDv7) begins with that moment. So a month that is over can be dropped as a whole.
ALTER TABLE run_events RENAME TO run_events_before;
ALTER TABLE run_events_before RENAME CONSTRAINT run_events_pkey TO run_events_before_pkey;
CREATE TABLE run_events (
    run_id  uuid NOT NULL,
    seq     integer NOT NULL CHECK (seq > 0),
    kind    text NOT NULL,
    body    json NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, seq)
) PARTITION BY RANGE (run_id);
-- Ids that no month takes: those of tests, and of clocks that are wrong.
CREATE TABLE run_events_default PARTITION OF run_events DEFAULT;

-- The smallest UUIDv7 of a moment.
CREATE FUNCTION first_id_of(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the partition of a month, when there is none; the moment is any of that month.
CREATE FUNCTION make_month(moment timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := date_trunc('month', moment, 'UTC');
    -- Not `+ interval '1 month'`: that counts in the session's time zone.
    next timestamptz := date_trunc('month', first + interval '32 days', 'UTC');
    name text := 'run_events_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Attached, not made as a partition: that leaves the months that exist open to writers. What fell into the
    -- default before there was this month is moved.
    EXECUTE format('CREATE TABLE %I (LIKE run_events INCLUDING ALL)', name);
    LOCK TABLE run_events_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM run_events_default WHERE run_id >= %L AND run_id < %L RETURNING *)
                    INSERT INTO %I SELECT * FROM moved', first_id_of(first), first_id_of(next), name);
    EXECUTE format('ALTER TABLE run_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   name, first_id_of(first), first_id_of(next));
    RETURN true;
END
$$;

SELECT make_month(month) FROM generate_series(
    least((SELECT min(at) FROM run_events_before), now()), now() + interval '1 month', interval '1 month') AS month;
SELECT make_month(now() + interval '1 month');
INSERT INTO run_events SELECT * FROM run_events_before;
DROP TABLE run_events_before;

-- Payloads are compressed where that helps. `used_at` protects one that a commit counts on while it is swept.
ALTER TABLE payloads ADD COLUMN encoding text NOT NULL DEFAULT 'json' CHECK (encoding IN ('json', 'zlib'));
ALTER TABLE payloads ADD COLUMN used_at timestamptz NOT NULL DEFAULT now();

-- Which journal refers to which payload: one that nobody refers to may go.
CREATE TABLE payload_uses (
    run_id  uuid NOT NULL,
    digest  text NOT NULL,
    PRIMARY KEY (run_id, digest)
);
CREATE INDEX payload_uses_digest ON payload_uses (digest);
INSERT INTO payload_uses
SELECT run_id, output ->> 2 FROM run_events, json_array_elements(body -> 'outputs') AS output
WHERE json_array_length(output) > 2
UNION
SELECT run_id, kept.value FROM run_events, json_each_text(body -> 'payloads') AS kept
WHERE kind = 'run.started' AND body -> 'payloads' IS NOT NULL;

-- What a run keeps, in bytes: its journal and its payloads. Counted after its end, by whoever tends the storage.
ALTER TABLE runs ADD COLUMN stored_bytes bigint;
CREATE INDEX runs_uncounted ON runs (id) WHERE ended_at IS NOT NULL AND stored_bytes IS NULL;

-- What is pruned is found by its end, and takes its idempotency key with it.
CREATE INDEX runs_ended ON runs (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX idempotency_keys_resource ON idempotency_keys (resource_id);
