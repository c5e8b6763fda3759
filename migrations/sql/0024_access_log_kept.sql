-- The access log is kept for as long as somebody decides. The application may not delete from it: one function shortens
-- it, from the oldest entry on, and leaves 30 days whatever it is asked.

DROP TRIGGER access_log_append_only ON access_log;

CREATE FUNCTION refuse_change_of_access_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days'
       AND OLD.at < nullif(current_setting('tenor.access_log_before', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on % is refused: entries of the access log are never changed', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END;
$$;
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_access_log();
ALTER TABLE access_log ENABLE ALWAYS TRIGGER access_log_append_only;
CREATE TRIGGER access_log_no_truncate BEFORE TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE access_log ENABLE ALWAYS TRIGGER access_log_no_truncate;

CREATE FUNCTION prune_access_log(before timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM set_config('tenor.access_log_before', least(before, now() - interval '30 days')::text, true);
    DELETE FROM access_log WHERE at < least(before, now() - interval '30 days');
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('tenor.access_log_before', '', true);
    RETURN gone;
END;
$$;
REVOKE ALL ON FUNCTION prune_access_log(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_access_log(timestamptz) TO tenor_app;
