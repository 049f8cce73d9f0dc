-- A node run waits at a breakpoint, until a person lets it go on.
ALTER TABLE waits DROP CONSTRAINT waits_kind_check;
ALTER TABLE waits ADD CONSTRAINT waits_kind_check
    CHECK (kind IN ('review', 'action', 'outcome', 'call', 'breakpoint'));

-- Whether a person is asked something: what is listed as a review, told, and counted. One rule for all who look.
ALTER TABLE waits ADD COLUMN is_question boolean NOT NULL
    GENERATED ALWAYS AS (kind IN ('review', 'action', 'outcome')) STORED;
