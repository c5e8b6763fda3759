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
    ('snapshot', 1, 'LIVE', '{snapshot}'),
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
