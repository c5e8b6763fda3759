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

-- What a row must fulfil to be seen, by table without its version; `t` stands for the table. One without a rule is not seen
-- by readers at all.
CREATE TABLE read_model_rule (
    name text PRIMARY KEY,
    rule text NOT NULL
);
INSERT INTO read_model_rule (name, rule) VALUES
    -- Nobody's positions: definitions and decisions.
    ('scenario', 'true'),
    ('scenario_set', 'true'),
    ('model_decision', 'true'),
    ('portfolio_node', 't.path && (SELECT read.scope_nodes())'),
    ('snapshot', $rule$t.kind = 'MARKET' OR EXISTS (
        SELECT FROM read.portfolio_node n WHERE n.snapshot_id = t.snapshot_id AND n.positions > 0)$rule$),
    ('snapshot_brought', 'EXISTS (SELECT FROM read.snapshot s WHERE s.snapshot_id = t.snapshot_id)'),
    ('run', 'EXISTS (
        SELECT FROM read.portfolio_node n WHERE n.snapshot_id = t.portfolio_snapshot_id AND n.positions > 0)'),
    ('run_event', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_id = t.run_id)'),
    ('result_run', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_id = t.run_id)'),
    ('result_chunk', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'),
    ('result_status', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'),
    ('result_position', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'),
    ('result_row', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'),
    ('result_reason', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'),
    ('result_fx', 'EXISTS (SELECT FROM read.asked_run r WHERE r.run_no = t.run_no)'),
    -- Totals at nodes in scope; those of attributes, and the largest positions, mix what is in scope with what is not.
    ('rollup', $rule$EXISTS (
        SELECT FROM read.asked_run r JOIN read.portfolio_node n ON n.snapshot_id = r.portfolio_snapshot_id
         WHERE r.run_no = t.run_no AND n.node_id = t.key AND t.dimension IN ('node', lower(n.kind)))$rule$),
    ('rollup_reason', $rule$EXISTS (
        SELECT FROM read.asked_run r JOIN read.portfolio_node n ON n.snapshot_id = r.portfolio_snapshot_id
         WHERE r.run_no = t.run_no AND n.node_id = t.key AND t.dimension IN ('node', lower(n.kind)))$rule$),
    ('ladder', $rule$t.dimension = 'node' AND EXISTS (
        SELECT FROM read.asked_run r JOIN read.portfolio_node n ON n.snapshot_id = r.portfolio_snapshot_id
         WHERE r.run_id = t.run_id AND n.node_id = t.key)$rule$),
    ('top', 'false');
GRANT SELECT ON read_model_rule TO tenor_app;

-- Called for each version of a table of a read model, by whoever made it. The application owns the tables and is not held
-- back: it is not FORCEd, since pg_dump by the owner of the database refuses tables that are.
CREATE FUNCTION read.guard(name text, version int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place text := format('projection.%I', name || '_v' || version);
    rule  text := (SELECT r.rule FROM read_model_rule r WHERE r.name = guard.name);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', place);
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
