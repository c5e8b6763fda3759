-- The other half of 0011_packed_results.sql, when every number has its frame.

DO $$
DECLARE
    version int;
    place   text;
    leaf    regclass;
    view    text;
BEGIN
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'result' LOOP
        place := format('projection.%I', 'result_chunk_v' || version);
        EXECUTE format('ALTER TABLE %s DROP amounts, ALTER part_no SET NOT NULL, ALTER packed SET NOT NULL, '
                       'ALTER packed SET STORAGE EXTERNAL', place);
        FOR leaf IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = place::regclass LOOP
            EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (chunk_no, part_no, scenario_no, column_no)', leaf);
        END LOOP;
    END LOOP;
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'result' AND v.state = 'LIVE';
    FOREACH view IN ARRAY ARRAY['result_chunk', 'result_position', 'result_row', 'result_status'] LOOP
        EXECUTE format('CREATE VIEW read.%I AS SELECT * FROM projection.%I', view, view || '_v' || version);
        EXECUTE format('ALTER VIEW read.%I OWNER TO tenor_app', view);
    END LOOP;
END;
$$;
