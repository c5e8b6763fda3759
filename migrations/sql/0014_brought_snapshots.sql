-- Under which name and date the content of a snapshot was brought, each time. What came before has no row.

DO $$
DECLARE
    version int;
BEGIN
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'snapshot' LOOP
        EXECUTE format($table$
            CREATE TABLE projection.%I (
                log_position bigint      PRIMARY KEY,
                snapshot_id  uuid        NOT NULL,
                name         text,       -- NULL: a market
                as_of        date        NOT NULL,
                brought_at   timestamptz NOT NULL,
                actor        text        NOT NULL
            )$table$, 'snapshot_brought_v' || version);
        EXECUTE format('CREATE INDEX %I ON projection.%I (snapshot_id, log_position DESC)',
                       'snapshot_brought_v' || version || '_newest', 'snapshot_brought_v' || version);
        EXECUTE format('ALTER TABLE projection.%I OWNER TO tenor_app', 'snapshot_brought_v' || version);
    END LOOP;
    UPDATE read_model_version SET tables = '{snapshot,snapshot_brought}' WHERE read_model = 'snapshot';
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'snapshot' AND v.state = 'LIVE';
    EXECUTE format('CREATE VIEW read.snapshot_brought AS SELECT * FROM projection.%I', 'snapshot_brought_v' || version);
    ALTER VIEW read.snapshot_brought OWNER TO tenor_app;
END;
$$;
