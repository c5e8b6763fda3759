-- Read models. Each projection owns its tables, named by version; the query APIs read the views in schema read.

CREATE SCHEMA projection;
CREATE SCHEMA read;

CREATE TABLE projection.snapshot_v1 (
    snapshot_id    uuid        PRIMARY KEY,
    kind           text        NOT NULL CHECK (kind IN ('PORTFOLIO', 'MARKET')),
    sha256         text        NOT NULL UNIQUE,
    as_of          date,
    base_currency  text,
    row_counts     jsonb       NOT NULL,
    control_totals jsonb       NOT NULL,
    source         jsonb       NOT NULL,
    registered_at  timestamptz NOT NULL,
    actor          text        NOT NULL,
    log_position   bigint      NOT NULL UNIQUE
);

CREATE TABLE projection.scenario_v1 (
    scenario_id  text        NOT NULL,
    version      int         NOT NULL,
    name         text        NOT NULL,
    document     jsonb       NOT NULL,
    defined_at   timestamptz NOT NULL,
    actor        text        NOT NULL,
    log_position bigint      NOT NULL,
    PRIMARY KEY (scenario_id, version)
);

CREATE TABLE projection.scenario_set_v1 (
    scenario_set_id text        NOT NULL,
    version         int         NOT NULL,
    scenarios       text[]      NOT NULL,
    defined_at      timestamptz NOT NULL,
    log_position    bigint      NOT NULL,
    PRIMARY KEY (scenario_set_id, version)
);

CREATE TABLE projection.run_v1 (
    run_id                uuid        PRIMARY KEY,
    run_no                bigint      NOT NULL UNIQUE, -- the log position of its request
    status                text        NOT NULL,
    portfolio_snapshot_id uuid        NOT NULL,
    market_snapshot_id    uuid        NOT NULL,
    as_of                 date        NOT NULL,
    base_currency         text        NOT NULL,
    scenarios             text[]      NOT NULL, -- id@version, BASE first; scenario_no is the index from 0
    measures              text[]      NOT NULL,
    columns               text[]      NOT NULL, -- result columns; column_no is the index from 0
    positions             int         NOT NULL,
    chunk_size            int         NOT NULL,
    chunks                int,
    priced_chunks         int[]       NOT NULL DEFAULT '{}', -- with facts
    failed_chunks         int[]       NOT NULL DEFAULT '{}', -- given up
    chunks_done           int         NOT NULL GENERATED ALWAYS AS (cardinality(priced_chunks) + cardinality(failed_chunks)) STORED,
    actor                 text        NOT NULL,
    requested_at          timestamptz NOT NULL,
    planned_at            timestamptz,
    completed_at          timestamptz,
    completed_position    bigint, -- of the latest completion, that the published results must not be older than
    blocks_root           text,
    log_position          bigint      NOT NULL -- of the latest event told here: what is not newer is not told again
);
CREATE INDEX run_v1_newest ON projection.run_v1 (requested_at DESC, run_no DESC);

CREATE TABLE projection.run_event_v1 (
    run_id       uuid        NOT NULL,
    log_position bigint      NOT NULL,
    topic        text        NOT NULL,
    at           timestamptz NOT NULL,
    actor        text        NOT NULL,
    payload      jsonb       NOT NULL,
    PRIMARY KEY (run_id, log_position)
);

CREATE TABLE projection.portfolio_node_v1 (
    snapshot_id uuid   NOT NULL,
    node_id     text   NOT NULL,
    parent_id   text,
    name        text,
    kind        text   NOT NULL,
    path        text[] NOT NULL, -- node ids from the root to this node
    positions   int    NOT NULL, -- hanging on the node or below
    PRIMARY KEY (snapshot_id, node_id)
);

-- Results of a run: a partition per run (made, filled, indexed and attached in the transaction that publishes it).
-- Column chunks of 4,096 positions. A blank is NaN and has its reason in result_reason_v1 by result_status_v1.
CREATE TABLE projection.result_chunk_v1 (
    run_no      bigint   NOT NULL,
    chunk_no    int      NOT NULL,
    scenario_no smallint NOT NULL,
    column_no   smallint NOT NULL,
    amounts     float8[] NOT NULL
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_chunk_v1 ALTER COLUMN amounts SET STORAGE EXTERNAL;

-- Who the positions of a chunk are (the same for every scenario).
CREATE TABLE projection.result_position_v1 (
    run_no        bigint NOT NULL,
    chunk_no      int    NOT NULL,
    position_id   text[] NOT NULL,
    instrument_id text[] NOT NULL,
    book_id       text[] NOT NULL,
    product_type  text[] NOT NULL,
    currency      text[] NOT NULL,
    detail        text[] NOT NULL -- a sentence on why something failed, or ''
) PARTITION BY LIST (run_no);

-- row_no is chunk_no * chunk_size + the place in the chunk, both from 0.
CREATE TABLE projection.result_row_v1 (
    run_no      bigint NOT NULL,
    row_no      int    NOT NULL,
    position_id text   NOT NULL
) PARTITION BY LIST (run_no);

CREATE TABLE projection.result_status_v1 (
    run_no      bigint     NOT NULL,
    chunk_no    int        NOT NULL,
    scenario_no smallint   NOT NULL,
    reason_no   smallint[] NOT NULL
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_status_v1 ALTER COLUMN reason_no SET COMPRESSION pglz;

-- Number 0 is always there: PRICED, nothing blank.
CREATE TABLE projection.result_reason_v1 (
    run_no    bigint   NOT NULL,
    reason_no smallint NOT NULL,
    status    text     NOT NULL CHECK (status IN ('PRICED', 'PARTIAL', 'FAILED')),
    reason    text     NOT NULL,
    PRIMARY KEY (run_no, reason_no)
);

CREATE TABLE projection.result_fx_v1 (
    run_no      bigint   NOT NULL,
    scenario_no smallint NOT NULL,
    currency    text     NOT NULL,
    rate        float8   NOT NULL, -- base currency per unit
    PRIMARY KEY (run_no, scenario_no, currency)
);

-- Totals by node of the tree, by attribute and by tag: what a total is made of, so that it can be shown and checked.
-- Arrays run over the run's columns; read.rollup has a row for each.
CREATE TABLE projection.rollup_v1 (
    run_no       bigint   NOT NULL,
    dimension    text     NOT NULL, -- node, fund, desk, book, product_type, currency, issuer, sector, …, tag:KEY, total
    key          text     NOT NULL, -- '' where the positions have no value
    positions    int      NOT NULL, -- in the group
    currency     text,              -- the one that all of them share
    scenario_no  smallint NOT NULL,
    value        float8[] NOT NULL, -- base currency for amounts; the weighted average for prices, yields, lives; NaN: none
    value_native float8[] NOT NULL, -- amounts in that one currency, else NaN
    left_out     int[]    NOT NULL  -- positions without this number, though it applies to them
) PARTITION BY LIST (run_no);

-- Why: every blank by measure and code, NOT_APPLICABLE among them. No row where nothing is blank.
CREATE TABLE projection.rollup_reason_v1 (
    run_no      bigint   NOT NULL,
    dimension   text     NOT NULL,
    key         text     NOT NULL,
    scenario_no smallint NOT NULL,
    reasons     jsonb    NOT NULL -- {"MEASURE:CODE": positions}
) PARTITION BY LIST (run_no);

-- The 1,000 largest positions by absolute value in base currency, largest first; amounts only.
CREATE TABLE projection.top_v1 (
    run_no      bigint   NOT NULL,
    scenario_no smallint NOT NULL,
    column_no   smallint NOT NULL,
    position_id text[]   NOT NULL,
    value       float8[] NOT NULL -- base currency
) PARTITION BY LIST (run_no);

-- A run whose results are there; written in the transaction that publishes them.
CREATE TABLE projection.result_run_v1 (
    run_id             uuid        PRIMARY KEY,
    run_no             bigint      NOT NULL UNIQUE,
    completed_position bigint      NOT NULL, -- the completion that these results belong to
    queryable_at       timestamptz NOT NULL DEFAULT now(),
    priced             int         NOT NULL, -- positions with a value in every scenario
    failed             int         NOT NULL, -- positions without one in some scenario
    failure_counts     jsonb       NOT NULL  -- {"MEASURE:CODE": positions with it in some scenario}; not NOT_APPLICABLE
);

CREATE VIEW read.snapshot AS SELECT * FROM projection.snapshot_v1;
CREATE VIEW read.scenario AS SELECT * FROM projection.scenario_v1;
CREATE VIEW read.scenario_set AS SELECT * FROM projection.scenario_set_v1;
-- Results older than the latest completion (a retry has completed, and is being published) are not queryable.
CREATE VIEW read.run AS
    SELECT r.run_id, r.run_no, r.status, r.portfolio_snapshot_id, r.market_snapshot_id, r.as_of, r.base_currency,
           r.scenarios, r.measures, r.columns, r.positions, r.chunk_size, r.chunks, r.chunks_done, r.failed_chunks,
           p.priced, p.failed, r.actor, r.requested_at, r.planned_at, r.completed_at, p.queryable_at, r.blocks_root,
           coalesce(p.failure_counts, '{}') AS failure_counts, r.log_position
    FROM projection.run_v1 r
    LEFT JOIN projection.result_run_v1 p ON p.run_id = r.run_id AND p.completed_position >= r.completed_position;
CREATE VIEW read.run_event AS SELECT * FROM projection.run_event_v1;
CREATE VIEW read.portfolio_node AS SELECT * FROM projection.portfolio_node_v1;
CREATE VIEW read.result_chunk AS SELECT * FROM projection.result_chunk_v1;
CREATE VIEW read.result_position AS SELECT * FROM projection.result_position_v1;
CREATE VIEW read.result_row AS SELECT * FROM projection.result_row_v1;
CREATE VIEW read.result_status AS SELECT * FROM projection.result_status_v1;
CREATE VIEW read.result_reason AS SELECT * FROM projection.result_reason_v1;
CREATE VIEW read.result_fx AS SELECT * FROM projection.result_fx_v1;
CREATE VIEW read.rollup AS
    SELECT r.run_no, r.dimension, r.key, r.scenario_no, (u.number - 1)::smallint AS column_no,
           nullif(u.value, 'NaN') AS value, nullif(u.value_native, 'NaN') AS value_native,
           CASE WHEN u.value_native <> 'NaN' THEN r.currency END AS currency, r.positions, u.left_out
    FROM projection.rollup_v1 r
    CROSS JOIN LATERAL unnest(r.value, r.value_native, r.left_out)
        WITH ORDINALITY AS u (value, value_native, left_out, number);
CREATE VIEW read.rollup_reason AS SELECT * FROM projection.rollup_reason_v1;
-- rank counts from 1.
CREATE VIEW read.top AS
    SELECT t.run_no, t.scenario_no, t.column_no, u.rank::smallint AS rank, u.position_id, u.value
    FROM projection.top_v1 t
    CROSS JOIN LATERAL unnest(t.position_id, t.value) WITH ORDINALITY AS u (position_id, value, rank);
