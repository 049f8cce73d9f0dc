-- A node run waits at a breakpoint, until a person lets it go on.
ALTER TABLE waits DROP CONSTRAINT waits_kind_check;
ALTER TABLE waits ADD CONSTRAINT waits_kind_check
    CHECK (kind IN ('review', 'action', 'outcome', 'call', 'breakpoint'));
