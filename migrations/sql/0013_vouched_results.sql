-- A run's failures by sentence, and the positions that have a value but not every number. NULL for runs published before.

DO $$
DECLARE
    version int;
    live    int;
BEGIN
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'result' LOOP
        EXECUTE format('ALTER TABLE IF EXISTS projection.%I ADD COLUMN partial int, ADD COLUMN failures jsonb',
                       'result_run_v' || version);
    END LOOP;
    SELECT v.version INTO STRICT live FROM read_model_version v WHERE v.read_model = 'result' AND v.state = 'LIVE';
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'run' AND v.state = 'LIVE';
    EXECUTE format($view$
        CREATE OR REPLACE VIEW read.run AS
            SELECT r.run_id, r.run_no, r.status, r.portfolio_snapshot_id, r.market_snapshot_id, r.as_of, r.base_currency,
                   r.scenarios, r.measures, r.columns, r.positions, r.chunk_size, r.chunks, r.chunks_done, r.failed_chunks,
                   p.priced, p.failed, r.actor, r.requested_at, r.planned_at, r.completed_at, p.queryable_at, r.blocks_root,
                   coalesce(p.failure_counts, '{}') AS failure_counts, r.log_position, p.partial, p.failures
            FROM projection.%I r
            LEFT JOIN projection.%I p ON p.run_id = r.run_id AND p.completed_position >= r.completed_position
        $view$, 'run_v' || version, 'result_run_v' || live);
END;
$$;
