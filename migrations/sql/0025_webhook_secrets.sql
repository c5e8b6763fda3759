-- What a webhook signed with before its secret was changed: messages carry both signatures until then. Secrets are sealed
-- with a key that is not in the database; those that were there before are sealed when messages are next sent.

ALTER TABLE webhook_secret
    ADD COLUMN previous       text,
    ADD COLUMN previous_until timestamptz,
    ADD CHECK ((previous IS NULL) = (previous_until IS NULL));
