-- What somebody may have to be told. A row is written by the commit of what happened, whoever writes that, and
-- deleted by the commit that tells it: nothing is lost between the two, and nothing is told twice.
--   user_id   whom it concerns; null: whoever looks after the installation
--   subject   the run, question, webhook, session … that it is about
CREATE TABLE happenings (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text NOT NULL,
    user_id  uuid,
    subject  uuid NOT NULL,
    body     json NOT NULL DEFAULT '{}',
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The inbox of each person. Of what happens again and again, unread, there is one row that counts; also of what
-- somebody wants by mail alone, so that a thousand failures are one mail.
CREATE TABLE notifications (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind      text NOT NULL,
    subject   uuid NOT NULL,
    alike     uuid NOT NULL,
    times     integer NOT NULL DEFAULT 1 CHECK (times > 0),
    body      json NOT NULL,
    began_at  timestamptz NOT NULL,
    at        timestamptz NOT NULL,
    read_at   timestamptz,
    in_inbox  boolean NOT NULL
);
CREATE INDEX notifications_inbox ON notifications (user_id, id DESC) WHERE in_inbox;
CREATE INDEX notifications_unread ON notifications (user_id, kind, alike) WHERE read_at IS NULL;
CREATE INDEX notifications_subject ON notifications (subject) WHERE read_at IS NULL;
CREATE INDEX notifications_age ON notifications (at);

-- What is to be mailed; gone once the mail server has it.
CREATE TABLE notification_mails (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind      text NOT NULL,
    subject   uuid NOT NULL,
    times     integer NOT NULL,
    body      json NOT NULL,
    at        timestamptz NOT NULL,
    tries     smallint NOT NULL DEFAULT 0,
    due_at    timestamptz NOT NULL
);
CREATE INDEX notification_mails_due ON notification_mails (due_at);
CREATE INDEX notification_mails_user ON notification_mails (user_id);

-- What people chose, where it is not as it is for everybody: {"run_failed": {"inbox": true, "mail": false}}.
CREATE TABLE notification_preferences (
    user_id  uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    chosen   json NOT NULL
);
