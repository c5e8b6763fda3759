-- Results keep the frames of their blocks as they are, instead of numbers to be written out (docs/adr/0007). The frames of
-- runs that are there already are made by migrations/versions/0011_packed_columns.py.

DO $$
DECLARE
    version int;
BEGIN
    DROP VIEW read.result_chunk;
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'result' LOOP
        EXECUTE format('ALTER TABLE projection.%I RENAME COLUMN amounts TO packed', 'result_chunk_v' || version);
    END LOOP;
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'result' AND v.state = 'LIVE';
    EXECUTE format('CREATE VIEW read.result_chunk AS SELECT * FROM projection.%I', 'result_chunk_v' || version);
    ALTER VIEW read.result_chunk OWNER TO tenor_app;
END;
$$;
DROP FUNCTION read.float8s(bytea);
