-- Facts of archived runs leave with their month, by the owner's hand: whoever asks, the log is looked at here.

CREATE FUNCTION drop_archived_fact_partition(month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    name text := 'fact_block_' || to_char(month, 'YYYY_MM');
    held boolean;
BEGIN
    IF to_regclass(name) IS NULL THEN
        RETURN false;
    END IF;
    -- Looked at once without disturbing anybody, and again when nobody can add to it any more.
    FOR pass IN 1..2 LOOP
        -- A run is archived when that is the last thing that happened to it, with a manifest to find it by. A month
        -- without any block is kept: its first may be on the way.
        EXECUTE format($query$
            SELECT count(*) = 0 OR bool_or(NOT coalesce(
                       (SELECT e.topic = 'run.archived'
                               AND convert_from(e.state, 'UTF8')::jsonb ->> 'manifest_sha256' ~ '^[0-9a-f]{64}$'
                          FROM ledger_events e WHERE e.originator_id = b.run_id
                         ORDER BY e.originator_version DESC LIMIT 1), false))
              FROM (SELECT DISTINCT run_id FROM %I) b $query$, name) INTO held;
        IF held THEN
            RETURN false;
        END IF;
        IF pass = 1 THEN
            EXECUTE format('LOCK TABLE ONLY fact_block, %I IN ACCESS EXCLUSIVE MODE', name);
        END IF;
    END LOOP;
    EXECUTE format('ALTER TABLE fact_block DETACH PARTITION %I', name);
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END;
$$;

REVOKE EXECUTE ON FUNCTION drop_archived_fact_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_archived_fact_partition(date) TO tenor_app;
