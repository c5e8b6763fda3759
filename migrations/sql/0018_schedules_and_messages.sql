-- Moments at which schedules fell due, and what became of each; kept by the process manager.

CREATE TABLE schedule_due (
    schedule_id text        NOT NULL,
    due_at      timestamptz NOT NULL,
    own_day     date        NOT NULL, -- on the wall where the schedule is at home
    state       text        NOT NULL CHECK (state IN ('WAITING', 'REQUESTED', 'SKIPPED')),
    reason      text        NOT NULL, -- what it waits for, or why nothing ran
    run_id      uuid,
    tried_at    timestamptz, -- when its run was last refused
    PRIMARY KEY (schedule_id, due_at),
    CHECK ((state = 'REQUESTED') = (run_id IS NOT NULL))
);
CREATE INDEX schedule_due_waiting ON schedule_due (due_at) WHERE state = 'WAITING';

-- What webhooks sign with: known here and to the receiver, and to nobody else.
CREATE TABLE webhook_secret (
    webhook_id text PRIMARY KEY,
    secret     text NOT NULL
);

-- Messages on their way: put there in the transaction that moves the reader of the log, one for each event and webhook.
CREATE TABLE webhook_message (
    webhook_id   text        NOT NULL,
    log_position bigint      NOT NULL,
    message_id   text        NOT NULL UNIQUE,
    event_type   text        NOT NULL,
    body         text        NOT NULL, -- as it is sent and signed
    state        text        NOT NULL CHECK (state IN ('WAITING', 'DELIVERED', 'DEAD')),
    made_at      timestamptz NOT NULL,
    first_at     timestamptz NOT NULL, -- from when on it is tried for a day
    next_at      timestamptz NOT NULL, -- not before this
    claimed_until timestamptz, -- somebody is sending it, until then
    tries        int         NOT NULL DEFAULT 0,
    last_status  int,
    last_error   text,
    ended_at     timestamptz,
    PRIMARY KEY (webhook_id, log_position)
);
CREATE INDEX webhook_message_next ON webhook_message (next_at) WHERE state = 'WAITING';

GRANT SELECT, INSERT, UPDATE, DELETE ON schedule_due, webhook_secret, webhook_message TO tenor_app;
