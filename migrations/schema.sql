-- The whole schema. Applying all migrations gives the same catalogue (tests/migrations).

-- The log: events, the blocks of facts beside them, blobs of snapshots. Append-only, by privilege and by trigger.

CREATE TABLE ledger_events (
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL CHECK (originator_version > 0),
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    notification_id    bigint      GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX ledger_events_notification_id_idx ON ledger_events (notification_id);

-- Columns of facts, compressed by us: EXTERNAL, since a second compression finds nothing.
CREATE TABLE fact_block (
    run_month      date  NOT NULL,
    run_id         uuid  NOT NULL,
    kind           text  NOT NULL,
    chunk_no       int   NOT NULL CHECK (chunk_no >= 0),
    content_sha256 text  NOT NULL,
    payload_sha256 text  NOT NULL,
    payload        bytea NOT NULL,
    PRIMARY KEY (run_month, run_id, kind, chunk_no)
) PARTITION BY RANGE (run_month);
ALTER TABLE fact_block ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE blob (
    sha256  text  NOT NULL,
    part_no int   NOT NULL CHECK (part_no >= 0),
    parts   int   NOT NULL CHECK (parts > part_no),
    payload bytea NOT NULL,
    PRIMARY KEY (sha256, part_no)
);
ALTER TABLE blob ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER ledger_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blob_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON blob
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER fact_block_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fact_block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- ALWAYS: also when session_replication_role says replica.
ALTER TABLE ledger_events ENABLE ALWAYS TRIGGER ledger_events_append_only;
ALTER TABLE blob ENABLE ALWAYS TRIGGER blob_append_only;
ALTER TABLE fact_block ENABLE ALWAYS TRIGGER fact_block_append_only;

-- A month's partition, made by the owner on behalf of the application role, with triggers of its own.
CREATE FUNCTION ensure_fact_partition(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    name  text := 'fact_block_' || to_char(first, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_fact_partition'));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF fact_block FOR VALUES FROM (%L) TO (%L)',
                       name, first, (first + interval '1 month')::date);
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', name);
    END IF;
END;
$$;

-- Who reads the log, and how far: the process manager and every projection. Moved in the reader's own transaction.
CREATE TABLE reader_position (
    reader   text        PRIMARY KEY,
    position bigint      NOT NULL CHECK (position >= 0),
    moved_at timestamptz NOT NULL DEFAULT now()
);

-- Which chunk of which run has its facts: kept by the process manager in the transaction that moves its position.
CREATE TABLE run_chunk_done (
    run_id           uuid    NOT NULL,
    kind             text    NOT NULL,
    chunk_no         int     NOT NULL,
    content_sha256   text    NOT NULL DEFAULT '',
    failed_positions int     NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, kind, chunk_no)
);

-- Runs that the process manager still has to see through.
CREATE TABLE run_open (
    run_id         uuid PRIMARY KEY,
    chunks         int  NOT NULL,
    kinds          text[] NOT NULL,
    chunks_per_job int  NOT NULL,
    attempt        int  NOT NULL DEFAULT 1
);

-- Attempts at a chunk that ended in an error; after enough of them the chunk ends as failed.
CREATE TABLE chunk_attempt (
    run_id   uuid        NOT NULL,
    chunk_no int         NOT NULL,
    attempt  int         NOT NULL,
    tries    int         NOT NULL,
    error    text        NOT NULL,
    PRIMARY KEY (run_id, chunk_no, attempt)
);

-- Who is alive.
CREATE TABLE process_heartbeat (
    process_id uuid        PRIMARY KEY,
    role       text        NOT NULL CHECK (role IN ('worker', 'projections', 'process-manager')),
    host       text        NOT NULL,
    pid        int         NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at    timestamptz NOT NULL DEFAULT now()
);

-- pgqueuer 1.6.0 -- prefix='' schema=None durability=durable

CREATE TYPE pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE TABLE pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);

CREATE TABLE pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

CREATE TABLE pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status pgqueuer_status DEFAULT 'queued'::pgqueuer_status,
    UNIQUE (expression, entrypoint)
);

CREATE TABLE pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::pgqueuer_status);

CREATE FUNCTION fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgqueuer
EXECUTE FUNCTION fn_pgqueuer_changed();

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
    priced_chunks         int[]       NOT NULL DEFAULT '{}', -- with facts
    failed_chunks         int[]       NOT NULL DEFAULT '{}', -- given up
    chunks_done           int         NOT NULL GENERATED ALWAYS AS (cardinality(priced_chunks) + cardinality(failed_chunks)) STORED,
    actor                 text        NOT NULL,
    requested_at          timestamptz NOT NULL,
    planned_at            timestamptz,
    completed_at          timestamptz,
    completed_position    bigint, -- of the latest completion, that the published results must not be older than
    blocks_root           text,
    log_position          bigint      NOT NULL, -- of the latest event told here: what is not newer is not told again
    excepted_chunks       int[]       NOT NULL DEFAULT '{}' -- with facts, and with positions that have no value
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

-- Results of a run: a partition per run (made, filled, indexed and attached in the transaction that publishes it).
-- Column chunks of 4,096 positions. A blank is NaN and has its reason in result_reason_v1 by result_status_v1.
CREATE TABLE projection.result_chunk_v1 (
    run_no      bigint   NOT NULL,
    chunk_no    int      NOT NULL,
    scenario_no smallint NOT NULL,
    column_no   smallint NOT NULL,
    part_no     smallint NOT NULL, -- of 2,048 positions
    packed      bytea    NOT NULL  -- zstd of the doubles' byte planes, XOR scenario 0 (docs/adr/0007)
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_chunk_v1 ALTER COLUMN packed SET STORAGE EXTERNAL;

-- Who the positions of a chunk are (the same for every scenario). Texts are packed: their count n, n + 1 offsets of their
-- bytes, all little-endian int32, then the bytes.
CREATE TABLE projection.result_position_v1 (
    run_no        bigint NOT NULL,
    chunk_no      int    NOT NULL,
    position_id   bytea  NOT NULL,
    instrument_id bytea  NOT NULL,
    book_id       bytea  NOT NULL,
    product_type  bytea  NOT NULL,
    currency      bytea  NOT NULL,
    detail        text[]          -- sentences on why something failed, or ''; NULL where there are none
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_position_v1
    ALTER COLUMN position_id SET STORAGE EXTERNAL, ALTER COLUMN instrument_id SET STORAGE EXTERNAL;

-- Where positions are, by their sorted ids: some at a time, packed, under the first of them. A row number (little-endian
-- int32) is chunk_no * chunk_size + the place in the chunk, both from 0.
CREATE TABLE projection.result_row_v1 (
    run_no            bigint NOT NULL,
    first_position_id text   COLLATE "C" NOT NULL,
    position_id       bytea  NOT NULL,
    row_no            bytea  NOT NULL
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_row_v1
    ALTER COLUMN position_id SET STORAGE EXTERNAL, ALTER COLUMN row_no SET STORAGE EXTERNAL;

CREATE TABLE projection.result_status_v1 (
    run_no      bigint     NOT NULL,
    chunk_no    int        NOT NULL,
    scenario_no smallint   NOT NULL,
    reason_no   bytea      NOT NULL -- of each position, little-endian int16
) PARTITION BY LIST (run_no);
ALTER TABLE projection.result_status_v1 ALTER COLUMN reason_no SET COMPRESSION pglz;

-- Number 0 is always there: PRICED, nothing blank.
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
-- Arrays run over the run's columns; read.rollup has a row for each.
CREATE TABLE projection.rollup_v1 (
    run_no       bigint   NOT NULL,
    dimension    text     NOT NULL, -- node, fund, desk, book, product_type, currency, issuer, sector, …, tag:KEY, total
    key          text     NOT NULL, -- '' where the positions have no value
    positions    int      NOT NULL, -- in the group
    currency     text,              -- the one that all of them share
    scenario_no  smallint NOT NULL,
    value        float8[] NOT NULL, -- base currency for amounts; the weighted average for prices, yields, lives; NaN: none
    value_native float8[] NOT NULL, -- amounts in that one currency, else NaN
    left_out     int[]    NOT NULL  -- positions without this number, though it applies to them
) PARTITION BY LIST (run_no);

-- Why: every blank by measure and code, NOT_APPLICABLE among them. No row where nothing is blank.
CREATE TABLE projection.rollup_reason_v1 (
    run_no      bigint   NOT NULL,
    dimension   text     NOT NULL,
    key         text     NOT NULL,
    scenario_no smallint NOT NULL,
    reasons     jsonb    NOT NULL -- {"MEASURE:CODE": positions}
) PARTITION BY LIST (run_no);

-- The 1,000 largest positions by absolute value in base currency, largest first; amounts only.
CREATE TABLE projection.top_v1 (
    run_no      bigint   NOT NULL,
    scenario_no smallint NOT NULL,
    column_no   smallint NOT NULL,
    position_id text[]   NOT NULL,
    value       float8[] NOT NULL -- base currency
) PARTITION BY LIST (run_no);

-- A run whose results are there; written in the transaction that publishes them.
CREATE TABLE projection.result_run_v1 (
    run_id             uuid        PRIMARY KEY,
    run_no             bigint      NOT NULL UNIQUE,
    completed_position bigint      NOT NULL, -- the completion that these results belong to
    queryable_at       timestamptz NOT NULL DEFAULT now(),
    priced             int         NOT NULL, -- positions with a value in every scenario
    failed             int         NOT NULL, -- positions without one in some scenario
    failure_counts     jsonb       NOT NULL, -- {"MEASURE:CODE": positions with it in some scenario}; not NOT_APPLICABLE
    partial            int,                  -- of those priced, positions without some other number; NULL: published before 0013
    failures           jsonb,                -- [{"status", "reason", "sentence", "positions", "first"}], the most first
    netting_sets       int                   -- that totals have; NULL: published before 0021, whose totals leave them out
);

CREATE VIEW read.snapshot AS SELECT * FROM projection.snapshot_v1;
CREATE VIEW read.scenario AS SELECT * FROM projection.scenario_v1;
CREATE VIEW read.scenario_set AS SELECT * FROM projection.scenario_set_v1;
-- Results older than the latest completion (a retry has completed, and is being published) are not queryable.
CREATE VIEW read.run AS
    SELECT r.run_id, r.run_no, r.status, r.portfolio_snapshot_id, r.market_snapshot_id, r.as_of, r.base_currency,
           r.scenarios, r.measures, r.columns, r.positions, r.chunk_size, r.chunks, r.chunks_done, r.failed_chunks,
           p.priced, p.failed, r.actor, r.requested_at, r.planned_at, r.completed_at, p.queryable_at, r.blocks_root,
           coalesce(p.failure_counts, '{}') AS failure_counts, r.log_position, p.partial, p.failures,
           p.netting_sets, r.priced_chunks, r.excepted_chunks
    FROM projection.run_v1 r
    LEFT JOIN projection.result_run_v1 p ON p.run_id = r.run_id AND p.completed_position >= r.completed_position;
CREATE VIEW read.run_event AS SELECT * FROM projection.run_event_v1;
CREATE VIEW read.portfolio_node AS SELECT * FROM projection.portfolio_node_v1;
CREATE VIEW read.result_chunk AS SELECT * FROM projection.result_chunk_v1;
CREATE VIEW read.result_position AS SELECT * FROM projection.result_position_v1;
CREATE VIEW read.result_row AS SELECT * FROM projection.result_row_v1;
CREATE VIEW read.result_status AS SELECT * FROM projection.result_status_v1;
CREATE VIEW read.result_reason AS SELECT * FROM projection.result_reason_v1;
CREATE VIEW read.result_fx AS SELECT * FROM projection.result_fx_v1;
CREATE VIEW read.rollup AS
    SELECT r.run_no, r.dimension, r.key, r.scenario_no, (u.number - 1)::smallint AS column_no,
           nullif(u.value, 'NaN') AS value, nullif(u.value_native, 'NaN') AS value_native,
           CASE WHEN u.value_native <> 'NaN' THEN r.currency END AS currency, r.positions, u.left_out
    FROM projection.rollup_v1 r
    CROSS JOIN LATERAL unnest(r.value, r.value_native, r.left_out)
        WITH ORDINALITY AS u (value, value_native, left_out, number);
CREATE VIEW read.rollup_reason AS SELECT * FROM projection.rollup_reason_v1;
-- rank counts from 1.
CREATE VIEW read.top AS
    SELECT t.run_no, t.scenario_no, t.column_no, u.rank::smallint AS rank, u.position_id, u.value
    FROM projection.top_v1 t
    CROSS JOIN LATERAL unnest(t.position_id, t.value) WITH ORDINALITY AS u (position_id, value, rank);

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

GRANT tenor_app TO CURRENT_USER;
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


-- Versions of read models: which one the views show, which is being built beside it, which can be gone back to.
-- A version's tables are projection.<table>_v<version>, its position is reader_position.<read_model>_v<version>.

CREATE TABLE read_model_version (
    read_model       text        NOT NULL,
    version          int         NOT NULL CHECK (version > 0),
    state            text        NOT NULL CHECK (state IN ('LIVE', 'BUILDING', 'RETIRED', 'REJECTED')),
    tables           text[]      NOT NULL, -- without the version
    comparable       boolean     NOT NULL DEFAULT true, -- false where a migration made it because the meaning has changed
    started_at       timestamptz NOT NULL DEFAULT now(),
    swapped_at       timestamptz,
    swapped_position bigint, -- of the log, when it became what the views show
    contents         jsonb,  -- {table: {"rows", "hash"}} when it was compared with the version before
    PRIMARY KEY (read_model, version)
);
CREATE UNIQUE INDEX read_model_version_live ON read_model_version (read_model) WHERE state = 'LIVE';
CREATE UNIQUE INDEX read_model_version_building ON read_model_version (read_model) WHERE state = 'BUILDING';

INSERT INTO read_model_version (read_model, version, state, tables) VALUES
    ('snapshot', 1, 'LIVE', '{snapshot,snapshot_brought}'),
    ('scenario', 1, 'LIVE', '{scenario,scenario_set}'),
    ('run', 1, 'LIVE', '{run,run_event}'),
    ('portfolio_node', 1, 'LIVE', '{portfolio_node}'),
    ('result', 1, 'LIVE', '{result_chunk,result_position,result_row,result_status,result_reason,result_fx,rollup,rollup_reason,top,result_run}');

-- Events that a projection could not digest, set aside so that it goes on with the rest.
CREATE TABLE dead_letter (
    reader      text        NOT NULL,
    position    bigint      NOT NULL,
    topic       text        NOT NULL,
    error       text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    tries       int         NOT NULL DEFAULT 1 CHECK (tries > 0),
    replayed_at timestamptz,
    PRIMARY KEY (reader, position)
);

-- How a reader fares: alive when last seen, how fast when it last moved, and what stopped it.
ALTER TABLE reader_position
    ADD COLUMN beat_at      timestamptz,
    ADD COLUMN events_per_s double precision,
    ADD COLUMN halted_at    timestamptz,
    ADD COLUMN halt_error   text;

GRANT SELECT, INSERT, UPDATE, DELETE ON read_model_version, dead_letter TO tenor_app;

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

-- Signed checkpoints of the log: an RFC 6962 Merkle tree over every event, sealed each minute and when a run completes.

CREATE TABLE log_checkpoint (
    tree_size     bigint      PRIMARY KEY CHECK (tree_size > 0),
    last_position bigint      NOT NULL UNIQUE,
    note          text        NOT NULL, -- the signed note (C2SP tlog-checkpoint): what counts; the columns repeat it
    frontier      bytea       NOT NULL, -- roots of the tree's perfect subtrees, 32 bytes each, the largest first
    leaves        bytea       NOT NULL, -- since the checkpoint before: position (8 bytes, big endian), leaf hash (32 bytes)
    sealed_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (last_position >= tree_size),
    CHECK (length(leaves) % 40 = 0 AND length(frontier) % 32 = 0)
);
ALTER TABLE log_checkpoint ALTER COLUMN leaves SET STORAGE EXTERNAL;

CREATE TRIGGER log_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_checkpoint ENABLE ALWAYS TRIGGER log_checkpoint_append_only;

GRANT SELECT, INSERT ON log_checkpoint TO tenor_app;

-- What was decided of the versions of models: approvals with their limits of use, and what was taken back.

CREATE TABLE projection.model_decision_v1 (
    model        text        NOT NULL,
    version      int         NOT NULL,
    decision     text        NOT NULL CHECK (decision IN ('APPROVED', 'WITHDRAWN')),
    reason       text        NOT NULL,
    conditions   text        NOT NULL,
    valid_until  date,       -- the last day of an approval; NULL: until it is withdrawn
    decided_at   timestamptz NOT NULL,
    actor        text        NOT NULL,
    log_position bigint      PRIMARY KEY
);
CREATE INDEX model_decision_v1_latest ON projection.model_decision_v1 (model, version, log_position DESC);

CREATE VIEW read.model_decision AS SELECT * FROM projection.model_decision_v1;

ALTER TABLE projection.model_decision_v1 OWNER TO tenor_app;
ALTER VIEW read.model_decision OWNER TO tenor_app;

INSERT INTO read_model_version (read_model, version, state, tables) VALUES ('model', 1, 'LIVE', '{model_decision}');

-- Under which name and date the content of a snapshot was brought, each time. What came before 0014 has no row.

CREATE TABLE projection.snapshot_brought_v1 (
    log_position bigint      PRIMARY KEY,
    snapshot_id  uuid        NOT NULL,
    name         text,       -- NULL: a market
    as_of        date        NOT NULL,
    brought_at   timestamptz NOT NULL,
    actor        text        NOT NULL
);
CREATE INDEX snapshot_brought_v1_newest ON projection.snapshot_brought_v1 (snapshot_id, log_position DESC);

CREATE VIEW read.snapshot_brought AS SELECT * FROM projection.snapshot_brought_v1;

ALTER TABLE projection.snapshot_brought_v1 OWNER TO tenor_app;
ALTER VIEW read.snapshot_brought OWNER TO tenor_app;

-- Ladders and gaps of the scenarios that a run keeps cash flows of, at all edges of the named sets of buckets.

CREATE TABLE projection.ladder_v1 (
    run_id      uuid  NOT NULL,
    dimension   text  NOT NULL,
    key         text  NOT NULL,
    currency    text  NOT NULL,
    scenario_id text  NOT NULL,
    basis       text  NOT NULL CHECK (basis IN ('BEHAVIOURAL', 'CONTRACTUAL')),
    amounts     bytea NOT NULL, -- little-endian float64 [amounts, buckets], domain/runs/kept_flows.py
    PRIMARY KEY (run_id, dimension, key, currency, scenario_id, basis)
);

CREATE VIEW read.ladder AS SELECT * FROM projection.ladder_v1;

ALTER TABLE projection.ladder_v1 OWNER TO tenor_app;
ALTER VIEW read.ladder OWNER TO tenor_app;

INSERT INTO read_model_version (read_model, version, state, tables) VALUES ('ladder', 1, 'LIVE', '{ladder}');

-- What was worked out of a run's cash flows when somebody asked: the same question is a read. May be emptied at any time.

CREATE TABLE cash_flow_answer (
    question_sha256 text        PRIMARY KEY,
    run_id          uuid        NOT NULL,
    answer          bytea       NOT NULL, -- an Arrow stream
    answered_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX cash_flow_answer_answered_at_idx ON cash_flow_answer (answered_at);

GRANT SELECT, INSERT, DELETE ON cash_flow_answer TO tenor_app;

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
GRANT SELECT, INSERT ON access_log TO tenor_app;

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

-- Moments at which schedules fell due, and what became of each; kept by the process manager.

CREATE TABLE schedule_due (
    schedule_id text        NOT NULL,
    due_at      timestamptz NOT NULL,
    own_day     date        NOT NULL, -- on the wall where the schedule is at home
    state       text        NOT NULL CHECK (state IN ('WAITING', 'REQUESTED', 'SKIPPED')),
    reason      text        NOT NULL, -- what it waits for, or why nothing ran
    run_id      uuid,
    tried_at    timestamptz, -- when its run was last refused
    PRIMARY KEY (schedule_id, due_at),
    CHECK ((state = 'REQUESTED') = (run_id IS NOT NULL))
);
CREATE INDEX schedule_due_waiting ON schedule_due (due_at) WHERE state = 'WAITING';

-- What webhooks sign with: known here and to the receiver, and to nobody else.
CREATE TABLE webhook_secret (
    webhook_id     text PRIMARY KEY,
    secret         text NOT NULL, -- sealed with a key that is not in the database
    previous       text,
    previous_until timestamptz,
    CHECK ((previous IS NULL) = (previous_until IS NULL))
);

-- Messages on their way: put there in the transaction that moves the reader of the log, one for each event and webhook.
CREATE TABLE webhook_message (
    webhook_id   text        NOT NULL,
    log_position bigint      NOT NULL,
    message_id   text        NOT NULL UNIQUE,
    event_type   text        NOT NULL,
    body         text        NOT NULL, -- as it is sent and signed
    state        text        NOT NULL CHECK (state IN ('WAITING', 'DELIVERED', 'DEAD')),
    made_at      timestamptz NOT NULL,
    first_at     timestamptz NOT NULL, -- from when on it is tried for a day
    next_at      timestamptz NOT NULL, -- not before this
    claimed_until timestamptz, -- somebody is sending it, until then
    tries        int         NOT NULL DEFAULT 0,
    last_status  int,
    last_error   text,
    ended_at     timestamptz,
    PRIMARY KEY (webhook_id, log_position)
);
CREATE INDEX webhook_message_next ON webhook_message (next_at) WHERE state = 'WAITING';

GRANT SELECT, INSERT, UPDATE, DELETE ON schedule_due, webhook_secret, webhook_message TO tenor_app;
-- What was worked out of a run's capital, allowance or stress when somebody asked: the same question is a read. May be
-- emptied at any time.

CREATE TABLE regulatory_answer (
    question_sha256 text        PRIMARY KEY,
    answer          bytea       NOT NULL, -- an Arrow stream, or a JSON document
    answered_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX regulatory_answer_answered_at_idx ON regulatory_answer (answered_at);

GRANT SELECT, INSERT, DELETE ON regulatory_answer TO tenor_app;
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
