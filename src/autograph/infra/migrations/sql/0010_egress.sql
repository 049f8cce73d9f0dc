-- Which hosts people and agents may ask, and what they asked.

ALTER TABLE users ADD COLUMN egress_hosts text[];
ALTER TABLE graphs ADD COLUMN egress_hosts text[];

CREATE TABLE egress (
    owner_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day            date NOT NULL,
    host           text NOT NULL,
    requests       bigint NOT NULL,
    failures       bigint NOT NULL,
    sent_bytes     bigint NOT NULL,
    received_bytes bigint NOT NULL,
    PRIMARY KEY (owner_id, day, host)
);
