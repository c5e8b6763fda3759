-- Which chunks of a run have positions without a value; what each worker is doing; rebuilds that the projections' process takes up.

DO $$
DECLARE
    version int;
    live    int;
BEGIN
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'run' LOOP
        EXECUTE format('ALTER TABLE projection.%I ADD COLUMN excepted_chunks int[] NOT NULL DEFAULT ''{}''', 'run_v' || version);
        EXECUTE format($update$
            UPDATE projection.%I r SET excepted_chunks = d.chunks
              FROM (SELECT run_id, array_agg(chunk_no ORDER BY chunk_no) AS chunks FROM run_chunk_done
                     WHERE failed_positions > 0 AND content_sha256 <> '' GROUP BY run_id) d
             WHERE d.run_id = r.run_id
            $update$, 'run_v' || version);
    END LOOP;
    SELECT v.version INTO STRICT live FROM read_model_version v WHERE v.read_model = 'result' AND v.state = 'LIVE';
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'run' AND v.state = 'LIVE';
    EXECUTE format($view$
        CREATE OR REPLACE VIEW read.run WITH (security_invoker = true) AS
            SELECT r.run_id, r.run_no, r.status, r.portfolio_snapshot_id, r.market_snapshot_id, r.as_of, r.base_currency,
                   r.scenarios, r.measures, r.columns, r.positions, r.chunk_size, r.chunks, r.chunks_done, r.failed_chunks,
                   p.priced, p.failed, r.actor, r.requested_at, r.planned_at, r.completed_at, p.queryable_at, r.blocks_root,
                   coalesce(p.failure_counts, '{}') AS failure_counts, r.log_position, p.partial, p.failures,
                   p.netting_sets, r.priced_chunks, r.excepted_chunks
            FROM projection.%I r
            LEFT JOIN projection.%I p ON p.run_id = r.run_id AND p.completed_position >= r.completed_position
        $view$, 'run_v' || version, 'result_run_v' || live);
END;
$$;

-- Of workers: their release, the chunk at hand, and chunks done since they started and in the last minute.
ALTER TABLE process_heartbeat
    ADD COLUMN engine          text,
    ADD COLUMN run_id          uuid,
    ADD COLUMN chunk_no        int,
    ADD COLUMN chunks_done     int NOT NULL DEFAULT 0,
    ADD COLUMN chunks_a_minute int NOT NULL DEFAULT 0;

-- A rebuild or roll-back that somebody asked for over HTTP: the projections' process takes it up and says how it goes.
CREATE TABLE rebuild_request (
    request_id   uuid        PRIMARY KEY,
    read_model   text        NOT NULL,
    action       text        NOT NULL CHECK (action IN ('REBUILD', 'ROLLBACK', 'REPLAY')),
    actor        text        NOT NULL,
    requested_at timestamptz NOT NULL,
    started_at   timestamptz,
    ended_at     timestamptz,
    told         text        NOT NULL DEFAULT '', -- the last line of progress
    outcome      jsonb, -- what was swapped, or {"code", "message", "fix"} of what went wrong
    failed       boolean     NOT NULL DEFAULT false
);
-- Asked for twice, it is done once.
CREATE UNIQUE INDEX rebuild_request_open ON rebuild_request (read_model) WHERE ended_at IS NULL;
CREATE INDEX rebuild_request_newest ON rebuild_request (read_model, requested_at DESC);
GRANT SELECT, INSERT, UPDATE, DELETE ON rebuild_request TO tenor_app;
