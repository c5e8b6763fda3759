-- Results keep the frames of their blocks as they are, and texts of positions as bytes (docs/adr/0007). Frames of runs that
-- are there already are made by migrations/versions/0011_packed_results.py; then 0011_packed_views.sql.

CREATE FUNCTION int32s(numbers int[]) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT coalesce(string_agg(substring(b FROM 4 FOR 1) || substring(b FROM 3 FOR 1) || substring(b FROM 2 FOR 1)
                               || substring(b FROM 1 FOR 1), ''::bytea ORDER BY place), ''::bytea)
      FROM unnest(numbers) WITH ORDINALITY AS u (number, place), int4send(number) AS b
$$;

CREATE FUNCTION int16s(numbers smallint[]) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT coalesce(string_agg(substring(b FROM 2 FOR 1) || substring(b FROM 1 FOR 1), ''::bytea ORDER BY place), ''::bytea)
      FROM unnest(numbers) WITH ORDINALITY AS u (number, place), int2send(number) AS b
$$;

-- Their count, n + 1 offsets, then the bytes.
CREATE FUNCTION pack_texts(texts text[]) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT int32s(ARRAY[cardinality(texts), 0]) || int32s(coalesce(array_agg(until::int ORDER BY place), '{}'))
           || coalesce(string_agg(octets, ''::bytea ORDER BY place), ''::bytea)
      FROM (SELECT place, octets, sum(length(octets)) OVER (ORDER BY place) AS until
              FROM unnest(texts) WITH ORDINALITY AS u (each, place), convert_to(each, 'UTF8') AS octets) t
$$;

-- Row by row, since ALTER .. USING cannot tell the two arrays of a row apart from others of the column.
CREATE FUNCTION pack_lookup(leaf regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TEMP TABLE lookup ON COMMIT DROP AS SELECT run_no, row_no, position_id FROM %s', leaf);
    EXECUTE format('DELETE FROM %s', leaf);
    EXECUTE format(
        'INSERT INTO %s (run_no, row_no, position_id, first_position_id, position_ids, row_nos) '
        'SELECT run_no, 0, min(position_id COLLATE "C"), min(position_id COLLATE "C"), '
        '       pack_texts(array_agg(position_id ORDER BY position_id COLLATE "C")), '
        '       int32s(array_agg(row_no ORDER BY position_id COLLATE "C")) '
        '  FROM (SELECT *, (row_number() OVER (PARTITION BY run_no ORDER BY position_id COLLATE "C") - 1) / 1024 AS part '
        '          FROM lookup) l GROUP BY run_no, part', leaf);
    DROP TABLE lookup;
END;
$$;

DO $$
DECLARE
    version int;
    place   text;
    leaf    regclass;
    key     name;
BEGIN
    DROP VIEW read.result_chunk, read.result_position, read.result_row, read.result_status;
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'result' LOOP
        place := format('projection.%I', 'result_chunk_v' || version);
        EXECUTE format('ALTER TABLE %s ADD part_no smallint, ADD packed bytea', place);
        FOR leaf, key IN SELECT i.inhrelid::regclass, c.conname FROM pg_inherits i
                           JOIN pg_constraint c ON c.conrelid = i.inhrelid AND c.contype = 'p'
                          WHERE i.inhparent = place::regclass LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', leaf, key);
        END LOOP;

        EXECUTE format('ALTER TABLE projection.%I ALTER reason_no TYPE bytea USING int16s(reason_no)',
                       'result_status_v' || version);

        place := format('projection.%I', 'result_position_v' || version);
        EXECUTE format('ALTER TABLE %s ALTER detail DROP NOT NULL', place);
        EXECUTE format('UPDATE %s SET detail = NULL WHERE '''' = ALL (detail)', place);
        EXECUTE format(
            'ALTER TABLE %s ALTER position_id TYPE bytea USING pack_texts(position_id), '
            'ALTER instrument_id TYPE bytea USING pack_texts(instrument_id), '
            'ALTER book_id TYPE bytea USING pack_texts(book_id), '
            'ALTER product_type TYPE bytea USING pack_texts(product_type), '
            'ALTER currency TYPE bytea USING pack_texts(currency)', place);
        EXECUTE format(
            'ALTER TABLE %s ALTER position_id SET STORAGE EXTERNAL, ALTER instrument_id SET STORAGE EXTERNAL', place);

        place := format('projection.%I', 'result_row_v' || version);
        EXECUTE format(
            'ALTER TABLE %s ADD first_position_id text COLLATE "C", ADD position_ids bytea, ADD row_nos bytea', place);
        FOR leaf IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = place::regclass LOOP
            PERFORM pack_lookup(leaf);
        END LOOP;
        EXECUTE format('ALTER TABLE %s DROP row_no, DROP position_id', place);
        EXECUTE format('ALTER TABLE %s RENAME position_ids TO position_id', place);
        EXECUTE format('ALTER TABLE %s RENAME row_nos TO row_no', place);
        EXECUTE format(
            'ALTER TABLE %s ALTER first_position_id SET NOT NULL, ALTER position_id SET NOT NULL, '
            'ALTER row_no SET NOT NULL, ALTER position_id SET STORAGE EXTERNAL, ALTER row_no SET STORAGE EXTERNAL', place);
        FOR leaf IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = place::regclass LOOP
            EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (first_position_id)', leaf);
        END LOOP;
    END LOOP;
END;
$$;
DROP FUNCTION pack_lookup(regclass), pack_texts(text[]), int16s(smallint[]), int32s(int[]), read.float8s(bytea);
