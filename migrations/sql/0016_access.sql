-- Who may read what: the role that requests of others read as, row by row within the nodes that the transaction names,
-- the log of who read and did what, and the sessions of the page.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenor_reader') THEN
        CREATE ROLE tenor_reader NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server made it at the same moment
END;
$$;

-- Whoever acts as tenor_app becomes tenor_reader for a transaction, and never the other way.
DO $$
BEGIN
    GRANT tenor_reader TO tenor_app;
EXCEPTION WHEN insufficient_privilege THEN
    NULL; -- an administrator has granted it, or we would not have come so far (ops/adapters/database_rights.py)
END;
$$;
GRANT USAGE ON SCHEMA public, read, projection TO tenor_reader;
GRANT SELECT ON read_model_version, reader_position TO tenor_reader;

-- `tenor.nodes` of the transaction: ids with U+001F between them, or * for everything. Without it nothing is seen.
CREATE FUNCTION read.scope_nodes() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(nullif(current_setting('tenor.nodes', true), ''), chr(31));
CREATE FUNCTION read.sees_everything() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('tenor.nodes', true) = '*', false);

-- Runs without their results, for the rules of tables that read.run joins.
CREATE VIEW read.asked_run AS SELECT run_id, run_no, portfolio_snapshot_id FROM projection.run_v1;

-- What a row must fulfil to be seen, by table. A table without a rule is not seen by readers at all.
CREATE FUNCTION read.rule_of(name text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE
        -- Nobody's positions: definitions and decisions.
        WHEN name IN ('scenario', 'scenario_set', 'model_decision') THEN 'true'
        WHEN name = 'portfolio_node' THEN 'path && (SELECT read.scope_nodes())'
        WHEN name = 'snapshot' THEN $rule$kind = 'MARKET' OR EXISTS (
            SELECT FROM read.portfolio_node n WHERE n.snapshot_id = t.snapshot_id AND n.positions > 0)$rule$
        WHEN name = 'snapshot_brought' THEN
            'EXISTS (SELECT FROM read.snapshot s WHERE s.snapshot_id = t.snapshot_id)'
        WHEN name = 'run' THEN
            'EXISTS (SELECT FROM read.portfolio_node n WHERE n.snapshot_id = t.portfolio_snapshot_id AND n.positions > 0)'
        WHEN name IN ('run_event', 'result_run') THEN
            'EXISTS (SELECT FROM read.asked_run r WHERE r.run_id = t.run_id)'
        WHEN name IN ('result_chunk', 'result_status', 'result_position', 'result_row', 'result_reason', 'result_fx') THEN
            'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'
        -- Totals at nodes in scope; those of attributes and the largest positions mix what is in scope with what is not.
        WHEN name IN ('rollup', 'rollup_reason') THEN
            'EXISTS (SELECT FROM read.asked_run r JOIN read.portfolio_node n ON n.snapshot_id = r.portfolio_snapshot_id
              WHERE r.run_no = t.run_no AND n.node_id = t.key AND t.dimension IN (''node'', lower(n.kind)))'
        WHEN name = 'ladder' THEN
            'dimension = ''node'' AND EXISTS (
             SELECT FROM read.asked_run r JOIN read.portfolio_node n ON n.snapshot_id = r.portfolio_snapshot_id
              WHERE r.run_id = t.run_id AND n.node_id = t.key)'
        WHEN name = 'top' THEN 'false'
    END;

-- Called for each version of a table of a read model, by whoever made it. The application itself is not held back.
CREATE FUNCTION read.guard(name text, version int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place text := format('projection.%I', name || '_v' || version);
    rule  text := read.rule_of(name);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', place);
    EXECUTE format('CREATE POLICY application ON %s TO tenor_app USING (true) WITH CHECK (true)', place);
    IF rule IS NOT NULL THEN
        rule := regexp_replace(rule, '\mt\.', name || '_v' || version || '.', 'g');
        EXECUTE format('CREATE POLICY readers ON %s FOR SELECT TO tenor_reader USING ((SELECT read.sees_everything()) OR (%s))',
                       place, rule);
        EXECUTE format('GRANT SELECT ON %s TO tenor_reader', place);
    END IF;
END;
$$;

ALTER FUNCTION read.scope_nodes() OWNER TO tenor_app;
ALTER FUNCTION read.sees_everything() OWNER TO tenor_app;
ALTER FUNCTION read.rule_of(text) OWNER TO tenor_app;
ALTER FUNCTION read.guard(text, int) OWNER TO tenor_app;
ALTER VIEW read.asked_run OWNER TO tenor_app;

-- Views look with the eyes of whoever asks.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'read' AND c.relkind = 'v'
    LOOP
        EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', one.name);
        EXECUTE format('GRANT SELECT ON %s TO tenor_reader', one.name);
    END LOOP;
    FOR one IN SELECT m.version, t AS name FROM read_model_version m, unnest(m.tables) t
        WHERE to_regclass(format('projection.%I', t || '_v' || m.version)) IS NOT NULL
    LOOP
        PERFORM read.guard(one.name, one.version);
    END LOOP;
END;
$$;

-- Who read positions and who changed something; whoever writes it cannot unwrite it.
CREATE TABLE access_log (
    entry_no  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text        NOT NULL,
    role      text        NOT NULL,
    key_id    text,
    method    text        NOT NULL,
    path      text        NOT NULL,
    operation text        NOT NULL,
    status    int         NOT NULL,
    rows      bigint      -- of a table that was answered; NULL where it was none
);
CREATE INDEX access_log_actor_idx ON access_log (actor, entry_no DESC);
CREATE INDEX access_log_key_idx ON access_log (key_id, at DESC) WHERE key_id IS NOT NULL;
CREATE INDEX access_log_at_idx ON access_log (at);
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE access_log ENABLE ALWAYS TRIGGER access_log_append_only;
GRANT SELECT, INSERT ON access_log TO tenor_app;

-- Sessions of the page; a row is worth what its key or its token is worth, and no longer.
CREATE TABLE access_session (
    token_sha256 text        PRIMARY KEY,
    actor        text        NOT NULL,
    role         text        NOT NULL,
    nodes        text[],     -- NULL: everything
    auth         text        NOT NULL CHECK (auth IN ('keys', 'oidc')),
    key_id       text,       -- of the key that it was opened with
    opened_at    timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX access_session_expires_idx ON access_session (expires_at);
GRANT SELECT, INSERT, DELETE ON access_session TO tenor_app;
