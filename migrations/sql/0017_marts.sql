-- Schema mart: figures of runs as plain tables for other tools, and who may read which rows of them.
-- Columns of measures are added by whoever publishes a run that has them; each table has a partition a run.

CREATE SCHEMA mart;
COMMENT ON SCHEMA mart IS 'Figures of published runs for other tools. Rows are copies: the log keeps their hash.';

CREATE TABLE mart.run (
    run_id                uuid        PRIMARY KEY,
    as_of                 date        NOT NULL,
    base_currency         text        NOT NULL,
    portfolio_snapshot_id uuid        NOT NULL,
    market_snapshot_id    uuid        NOT NULL,
    scenarios             text[]      NOT NULL,
    measures              text[]      NOT NULL,
    published_at          timestamptz NOT NULL
);
COMMENT ON TABLE mart.run IS 'Runs whose figures are in this schema.';
COMMENT ON COLUMN mart.run.as_of IS 'the date of the market, on which everything is valued';
COMMENT ON COLUMN mart.run.base_currency IS 'the currency of columns that end in _base';
COMMENT ON COLUMN mart.run.scenarios IS 'scenario_id of the other tables, BASE first';
COMMENT ON COLUMN mart.run.published_at IS 'when the rows were written here';

CREATE TABLE mart.position_result (
    run_id        uuid NOT NULL,
    as_of         date NOT NULL,
    scenario_id   text NOT NULL,
    position_id   text NOT NULL,
    instrument_id text NOT NULL,
    book_id       text NOT NULL,
    product_type  text NOT NULL,
    currency      text NOT NULL,
    status        text NOT NULL,
    reason        text NOT NULL
) PARTITION BY LIST (run_id);
COMMENT ON TABLE mart.position_result IS 'A row for each position under each scenario of a run.';
COMMENT ON COLUMN mart.position_result.as_of IS 'the date of the market, on which everything is valued';
COMMENT ON COLUMN mart.position_result.book_id IS 'the node of the portfolio tree that the position hangs on';
COMMENT ON COLUMN mart.position_result.currency IS 'of the instrument; amounts are in it unless their column ends in _base';
COMMENT ON COLUMN mart.position_result.status IS 'PRICED, PARTIAL: some number is missing, FAILED: there is no value';
COMMENT ON COLUMN mart.position_result.reason IS 'why numbers are NULL: MEASURE:CODE, several by semicolons';

CREATE TABLE mart.total (
    run_id      uuid NOT NULL,
    as_of       date NOT NULL,
    scenario_id text NOT NULL,
    node_id     text NOT NULL
) PARTITION BY LIST (run_id);
COMMENT ON TABLE mart.total IS 'Totals of each node of the portfolio tree under each scenario; mart.total_detail says what they leave out.';
COMMENT ON COLUMN mart.total.as_of IS 'the date of the market, on which everything is valued';
COMMENT ON COLUMN mart.total.node_id IS 'a node; its total is of the positions on it and below';

CREATE TABLE mart.total_detail (
    run_id      uuid   NOT NULL,
    scenario_id text   NOT NULL,
    node_id     text   NOT NULL,
    positions   bigint NOT NULL,
    left_out    bigint NOT NULL,
    reasons     text   NOT NULL,
    currency    text
) PARTITION BY LIST (run_id);
COMMENT ON TABLE mart.total_detail IS 'What each total of mart.total is of, and what it leaves out.';
COMMENT ON COLUMN mart.total_detail.positions IS 'positions on the node or below';
COMMENT ON COLUMN mart.total_detail.left_out IS 'those of them that lack a number that applies to them';
COMMENT ON COLUMN mart.total_detail.reasons IS 'MEASURE:CODE=positions, several by semicolons';
COMMENT ON COLUMN mart.total_detail.currency IS 'the one that all positions share; without one, amounts are NULL but for their _base columns';

-- What is in the mart, for Tenor itself.
CREATE TABLE mart_publication (
    run_id       uuid        PRIMARY KEY,
    run_no       bigint      NOT NULL UNIQUE, -- of which the partitions have their names
    published_at timestamptz NOT NULL
);

-- The tree of each run in the mart; positions are those at the node or below.
CREATE TABLE mart_node (
    run_id    uuid   NOT NULL REFERENCES mart_publication ON DELETE CASCADE,
    node_id   text   NOT NULL,
    path      text[] NOT NULL, -- node ids from the root to this node
    positions int    NOT NULL,
    PRIMARY KEY (run_id, node_id)
);

-- Whom the policies let see what: login roles, and the nodes of each; '*' is every node.
CREATE TABLE mart_reader (
    reader  name NOT NULL,
    node_id text NOT NULL,
    PRIMARY KEY (reader, node_id)
);

-- A node of a run, as one value: a policy compares it once, which costs a planner no more than a reader's own condition.
CREATE TYPE mart.place AS (run_id uuid, node_id text);

-- Policies ask this, by the role that logged in: SET ROLE and settings change nothing of it.
CREATE FUNCTION mart.nodes_seen() RETURNS TABLE (place mart.place, run_id uuid, positions int)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT ROW(n.run_id, n.node_id)::mart.place, n.run_id, n.positions FROM public.mart_node n
     WHERE n.path && ARRAY(SELECT r.node_id FROM public.mart_reader r WHERE r.reader = session_user)
        OR EXISTS (SELECT FROM public.mart_reader r WHERE r.reader = session_user AND r.node_id = '*')
$$;
COMMENT ON FUNCTION mart.nodes_seen() IS 'Nodes of each run that the role that logged in may read.';

ALTER TABLE mart.run ENABLE ROW LEVEL SECURITY;
ALTER TABLE mart.position_result ENABLE ROW LEVEL SECURITY;
ALTER TABLE mart.total ENABLE ROW LEVEL SECURITY;
ALTER TABLE mart.total_detail ENABLE ROW LEVEL SECURITY;

-- A run is there for whoever may see any of its positions.
CREATE POLICY nodes_of_reader ON mart.run FOR SELECT USING (
    run_id IN (SELECT s.run_id FROM mart.nodes_seen() s WHERE s.positions > 0));

-- Conditions of a reader's own that cannot tell anything (comparisons of numbers and texts) may be asked before a policy,
-- if they are cheaper; whether the policy was then asked at all EXPLAIN ANALYZE shows, and so would tell of rows of others.
-- A single comparison costs what any of theirs does at least, and of equals the policy comes first. CASE keeps the parser
-- from comparing the fields one by one.
CREATE POLICY nodes_of_reader ON mart.position_result FOR SELECT USING (
    CASE WHEN true THEN ROW(run_id, book_id)::mart.place END IN (SELECT s.place FROM mart.nodes_seen() s));
CREATE POLICY nodes_of_reader ON mart.total FOR SELECT USING (
    CASE WHEN true THEN ROW(run_id, node_id)::mart.place END IN (SELECT s.place FROM mart.nodes_seen() s));
CREATE POLICY nodes_of_reader ON mart.total_detail FOR SELECT USING (
    CASE WHEN true THEN ROW(run_id, node_id)::mart.place END IN (SELECT s.place FROM mart.nodes_seen() s));

GRANT SELECT, INSERT, UPDATE, DELETE ON mart_publication, mart_node, mart_reader TO tenor_app;

-- Readers may log in, so nothing of the log's own hands is for everybody.
REVOKE EXECUTE ON FUNCTION ensure_fact_partition(date), drop_archived_fact_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_fact_partition(date), drop_archived_fact_partition(date) TO tenor_app;

ALTER SCHEMA mart OWNER TO tenor_app;
ALTER TABLE mart.run OWNER TO tenor_app;
ALTER TABLE mart.position_result OWNER TO tenor_app;
ALTER TABLE mart.total OWNER TO tenor_app;
ALTER TABLE mart.total_detail OWNER TO tenor_app;
ALTER TYPE mart.place OWNER TO tenor_app;
ALTER FUNCTION mart.nodes_seen() OWNER TO tenor_app;
