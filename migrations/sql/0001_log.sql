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
