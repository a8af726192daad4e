-- Idempotency keys of creates. The CHECK constraints repeat the limits of crates/domain.

CREATE TABLE idempotency_keys (
    -- The owner of the key. All callers of a kind without an id count as one.
    caller_kind TEXT NOT NULL CHECK (caller_kind IN ('anonymous', 'person', 'agent', 'system')),
    caller_id TEXT NOT NULL CHECK (length(caller_id) <= 100),
    key TEXT NOT NULL
        CHECK (length(key) BETWEEN 1 AND 100 AND key = trim(key))
        CHECK (instr(key, char(0)) = 0 AND key NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
    -- SHA-256 of the requested content.
    fingerprint BLOB NOT NULL CHECK (typeof(fingerprint) = 'blob' AND length(fingerprint) = 32),
    created_at TIMESTAMP NOT NULL,
    -- The created row. Deleting it deletes the key.
    restaurant_id INTEGER REFERENCES restaurants ON DELETE CASCADE,
    review_id INTEGER REFERENCES reviews ON DELETE CASCADE,
    PRIMARY KEY (caller_kind, caller_id, key),
    CHECK ((restaurant_id IS NULL) <> (review_id IS NULL))
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
-- For the cascading deletes.
CREATE INDEX idempotency_keys_of_restaurants ON idempotency_keys (restaurant_id) WHERE restaurant_id IS NOT NULL;
CREATE INDEX idempotency_keys_of_reviews ON idempotency_keys (review_id) WHERE review_id IS NOT NULL;
