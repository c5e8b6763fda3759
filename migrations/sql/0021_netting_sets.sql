-- How many netting sets a run's totals have. NULL for runs published before, whose totals leave them out.

DO $$
DECLARE
    version int;
    live    int;
BEGIN
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'result' LOOP
        EXECUTE format('ALTER TABLE IF EXISTS projection.%I ADD COLUMN netting_sets int', 'result_run_v' || version);
    END LOOP;
    SELECT v.version INTO STRICT live FROM read_model_version v WHERE v.read_model = 'result' AND v.state = 'LIVE';
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'run' AND v.state = 'LIVE';
    EXECUTE format($view$
        CREATE OR REPLACE VIEW read.run WITH (security_invoker = true) AS
            SELECT r.run_id, r.run_no, r.status, r.portfolio_snapshot_id, r.market_snapshot_id, r.as_of, r.base_currency,
                   r.scenarios, r.measures, r.columns, r.positions, r.chunk_size, r.chunks, r.chunks_done, r.failed_chunks,
                   p.priced, p.failed, r.actor, r.requested_at, r.planned_at, r.completed_at, p.queryable_at, r.blocks_root,
                   coalesce(p.failure_counts, '{}') AS failure_counts, r.log_position, p.partial, p.failures,
                   p.netting_sets
            FROM projection.%I r
            LEFT JOIN projection.%I p ON p.run_id = r.run_id AND p.completed_position >= r.completed_position
        $view$, 'run_v' || version, 'result_run_v' || live);
END;
$$;

-- What was worked out of a run's capital, allowance or stress when somebody asked: the same question is a read. May be
-- emptied at any time.

CREATE TABLE regulatory_answer (
    question_sha256 text        PRIMARY KEY,
    answer          bytea       NOT NULL, -- an Arrow stream, or a JSON document
    answered_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX regulatory_answer_answered_at_idx ON regulatory_answer (answered_at);

GRANT SELECT, INSERT, DELETE ON regulatory_answer TO tenor_app;
