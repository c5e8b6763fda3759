-- What was decided of the versions of models: approvals with their limits of use, and what was taken back.

CREATE TABLE projection.model_decision_v1 (
    model        text        NOT NULL,
    version      int         NOT NULL,
    decision     text        NOT NULL CHECK (decision IN ('APPROVED', 'WITHDRAWN')),
    reason       text        NOT NULL,
    conditions   text        NOT NULL,
    valid_until  date,       -- the last day of an approval; NULL: until it is withdrawn
    decided_at   timestamptz NOT NULL,
    actor        text        NOT NULL,
    log_position bigint      PRIMARY KEY
);
CREATE INDEX model_decision_v1_latest ON projection.model_decision_v1 (model, version, log_position DESC);

CREATE VIEW read.model_decision AS SELECT * FROM projection.model_decision_v1;

ALTER TABLE projection.model_decision_v1 OWNER TO tenor_app;
ALTER VIEW read.model_decision OWNER TO tenor_app;

INSERT INTO read_model_version (read_model, version, state, tables) VALUES ('model', 1, 'LIVE', '{model_decision}');
