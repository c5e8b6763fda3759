-- The application role: appends to the log and reads it, owns the read models and the queue's rows, owns nothing else.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenor_app') THEN
        CREATE ROLE tenor_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server made it at the same moment
END;
$$;

DO $$
BEGIN
    GRANT tenor_app TO CURRENT_USER;
EXCEPTION WHEN insufficient_privilege THEN
    NULL; -- an administrator has granted it, or we would not have come so far (ops/database_rights.py)
END;
$$;
GRANT USAGE ON SCHEMA public TO tenor_app;
GRANT SELECT, INSERT ON ledger_events, fact_block, blob TO tenor_app;
GRANT EXECUTE ON FUNCTION ensure_fact_partition(date) TO tenor_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON reader_position, run_chunk_done, run_open, chunk_attempt, process_heartbeat
    TO tenor_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics TO tenor_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO tenor_app;

ALTER SCHEMA projection OWNER TO tenor_app;
ALTER SCHEMA read OWNER TO tenor_app;
DO $$
DECLARE
    relation record;
BEGIN
    FOR relation IN SELECT c.oid::regclass AS name, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('projection', 'read') AND c.relkind IN ('r', 'p', 'v')
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO tenor_app', CASE relation.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relation.name);
    END LOOP;
END;
$$;
