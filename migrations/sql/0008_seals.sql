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
