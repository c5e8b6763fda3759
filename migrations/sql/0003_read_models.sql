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
    chunks_done           int         NOT NULL DEFAULT 0,
    failed_chunks         int[]       NOT NULL DEFAULT '{}',
    priced                int,
    failed                int,
    actor                 text        NOT NULL,
    requested_at          timestamptz NOT NULL,
    planned_at            timestamptz,
    completed_at          timestamptz,
    queryable_at          timestamptz,
    blocks_root           text,
    failure_counts        jsonb       NOT NULL DEFAULT '{}', -- {"MEASURE:CODE": positions}, over all scenarios
    log_position          bigint      NOT NULL
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

-- Results of a run: a partition per run, published in one transaction. Column chunks of 4,096 positions.
-- A blank is NaN and has its reason in result_reason_v1 by result_status_v1.
CREATE TABLE projection.result_chunk_v1 (
    run_no      bigint   NOT NULL,
    chunk_no    int      NOT NULL,
    scenario_no smallint NOT NULL,
    column_no   smallint NOT NULL,
    amounts     float8[] NOT NULL
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_chunk_v1 ALTER COLUMN amounts SET STORAGE EXTERNAL;

-- Who the positions of a chunk are (the same for every scenario), and the exchange rates into base currency.
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

CREATE TABLE projection.result_row_v1 (
    run_no      bigint NOT NULL,
    position_id text   NOT NULL,
    row_no      int    NOT NULL
) PARTITION BY LIST (run_no);

CREATE TABLE projection.result_status_v1 (
    run_no      bigint     NOT NULL,
    chunk_no    int        NOT NULL,
    scenario_no smallint   NOT NULL,
    reason_no   smallint[] NOT NULL
) PARTITION BY LIST (run_no);

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
CREATE TABLE projection.rollup_v1 (
    run_no       bigint   NOT NULL,
    dimension    text     NOT NULL, -- node, fund, desk, book, product_type, currency, issuer, sector, …, tag:KEY, total
    key          text     NOT NULL, -- '' where the positions have no value
    scenario_no  smallint NOT NULL,
    column_no    smallint NOT NULL,
    value        float8,            -- base currency for amounts; the weighted average for prices, yields, lives
    value_native float8,            -- the sum in the one currency that all share, else NULL
    currency     text,              -- that currency
    positions    int      NOT NULL, -- in the group
    left_out     int      NOT NULL  -- of them without this number
) PARTITION BY LIST (run_no);

CREATE TABLE projection.rollup_reason_v1 (
    run_no      bigint   NOT NULL,
    dimension   text     NOT NULL,
    key         text     NOT NULL,
    scenario_no smallint NOT NULL,
    reasons     jsonb    NOT NULL, -- {"MEASURE:CODE": positions}
    PRIMARY KEY (run_no, dimension, key, scenario_no)
);

-- The largest positions by absolute value in base currency.
CREATE TABLE projection.top_v1 (
    run_no      bigint   NOT NULL,
    scenario_no smallint NOT NULL,
    column_no   smallint NOT NULL,
    rank        smallint NOT NULL,
    position_id text     NOT NULL,
    value       float8   NOT NULL, -- base currency
    PRIMARY KEY (run_no, scenario_no, column_no, rank)
);

CREATE VIEW read.snapshot AS SELECT * FROM projection.snapshot_v1;
CREATE VIEW read.scenario AS SELECT * FROM projection.scenario_v1;
CREATE VIEW read.scenario_set AS SELECT * FROM projection.scenario_set_v1;
CREATE VIEW read.run AS SELECT * FROM projection.run_v1;
CREATE VIEW read.run_event AS SELECT * FROM projection.run_event_v1;
CREATE VIEW read.portfolio_node AS SELECT * FROM projection.portfolio_node_v1;
CREATE VIEW read.result_chunk AS SELECT * FROM projection.result_chunk_v1;
CREATE VIEW read.result_position AS SELECT * FROM projection.result_position_v1;
CREATE VIEW read.result_row AS SELECT * FROM projection.result_row_v1;
CREATE VIEW read.result_status AS SELECT * FROM projection.result_status_v1;
CREATE VIEW read.result_reason AS SELECT * FROM projection.result_reason_v1;
CREATE VIEW read.result_fx AS SELECT * FROM projection.result_fx_v1;
CREATE VIEW read.rollup AS SELECT * FROM projection.rollup_v1;
CREATE VIEW read.rollup_reason AS SELECT * FROM projection.rollup_reason_v1;
CREATE VIEW read.top AS SELECT * FROM projection.top_v1;
