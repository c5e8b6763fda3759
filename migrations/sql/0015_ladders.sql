-- Ladders and gaps of the scenarios that a run keeps cash flows of, at all edges of the named sets of buckets.

CREATE TABLE projection.ladder_v1 (
    run_id      uuid  NOT NULL,
    dimension   text  NOT NULL,
    key         text  NOT NULL,
    currency    text  NOT NULL,
    scenario_id text  NOT NULL,
    basis       text  NOT NULL CHECK (basis IN ('BEHAVIOURAL', 'CONTRACTUAL')),
    amounts     bytea NOT NULL, -- little-endian float64 [amounts, buckets], domain/runs/kept_flows.py
    PRIMARY KEY (run_id, dimension, key, currency, scenario_id, basis)
);

CREATE VIEW read.ladder AS SELECT * FROM projection.ladder_v1;

ALTER TABLE projection.ladder_v1 OWNER TO tenor_app;
ALTER VIEW read.ladder OWNER TO tenor_app;

INSERT INTO read_model_version (read_model, version, state, tables) VALUES ('ladder', 1, 'LIVE', '{ladder}');

-- What was worked out of a run's cash flows when somebody asked: the same question is a read. May be emptied at any time.

CREATE TABLE cash_flow_answer (
    question_sha256 text        PRIMARY KEY,
    run_id          uuid        NOT NULL,
    answer          bytea       NOT NULL, -- an Arrow stream
    answered_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX cash_flow_answer_answered_at_idx ON cash_flow_answer (answered_at);

GRANT SELECT, INSERT, DELETE ON cash_flow_answer TO tenor_app;
