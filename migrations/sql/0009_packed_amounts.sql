-- Amounts of results as packed bytes in place of float8[] (docs/adr/0006): the server takes them in as they are.

-- Numbers of a chunk as their bytes (IEEE 754, big-endian, as float8send gives them), back as an array: exact, and slow
-- beside what programs do with the bytes; for whoever looks with SQL.
CREATE FUNCTION read.float8s(packed bytea) RETURNS float8[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bytes    bytea := packed || ''::bytea; -- fetched once, not for every number
    numbers  float8[] := '{}';
    bits     bigint;
    exponent int;
    mantissa bigint;
    size     float8;
BEGIN
    FOR place IN 1..length(bytes) / 8 LOOP
        bits := ('x' || encode(substring(bytes FROM 8 * place - 7 FOR 8), 'hex'))::bit(64)::bigint;
        exponent := (bits >> 52) & 2047;
        mantissa := bits & 4503599627370495;
        size := CASE
            WHEN exponent = 2047 THEN CASE WHEN mantissa = 0 THEN 'Infinity' ELSE 'NaN' END::float8
            WHEN exponent = 0 THEN mantissa::float8 * power(2::float8, -1074)
            ELSE (mantissa | 4503599627370496)::float8 * power(2::float8, exponent - 1075)
        END;
        numbers[place] := CASE WHEN bits < 0 THEN -size ELSE size END;
    END LOOP;
    RETURN numbers;
END;
$$;

CREATE FUNCTION pack_float8s(amounts float8[]) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT coalesce(string_agg(float8send(amount), ''::bytea ORDER BY place), ''::bytea)
      FROM unnest(amounts) WITH ORDINALITY AS u (amount, place)
$$;

-- Every version of the results, with the runs in it. Half a minute for fifty million numbers.
DO $$
DECLARE
    version int;
BEGIN
    DROP VIEW read.result_chunk;
    FOR version IN SELECT v.version FROM read_model_version v WHERE v.read_model = 'result' LOOP
        EXECUTE format('ALTER TABLE projection.%I ALTER COLUMN amounts TYPE bytea USING pack_float8s(amounts)',
                       'result_chunk_v' || version);
        EXECUTE format('ALTER TABLE projection.%I ALTER COLUMN amounts SET STORAGE EXTERNAL', 'result_chunk_v' || version);
    END LOOP;
    SELECT v.version INTO STRICT version FROM read_model_version v WHERE v.read_model = 'result' AND v.state = 'LIVE';
    EXECUTE format('CREATE VIEW read.result_chunk AS SELECT run_no, chunk_no, scenario_no, column_no, '
                   'read.float8s(amounts) AS amounts, amounts AS packed FROM projection.%I', 'result_chunk_v' || version);
    ALTER VIEW read.result_chunk OWNER TO tenor_app;
END;
$$;
DROP FUNCTION pack_float8s(float8[]);
