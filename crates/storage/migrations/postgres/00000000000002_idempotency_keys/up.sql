-- Idempotency keys of creates. The CHECK constraints repeat the limits of crates/domain.

CREATE TABLE idempotency_keys (
    -- The owner of the key. All callers of a kind without an id count as one.
    caller_kind TEXT COLLATE "C" NOT NULL CHECK (caller_kind IN ('anonymous', 'person', 'agent', 'system')),
    caller_id TEXT COLLATE "C" NOT NULL CHECK (char_length(caller_id) <= 100),
    key TEXT COLLATE "C" NOT NULL
        CHECK (char_length(key) BETWEEN 1 AND 100)
        CHECK (key = btrim(key) AND key !~ '[\u0001-\u001f\u007f-\u009f]'),
    -- SHA-256 of the requested content.
    fingerprint BYTEA NOT NULL CHECK (octet_length(fingerprint) = 32),
    created_at TIMESTAMP NOT NULL,
    -- The created row. Deleting it deletes the key.
    restaurant_id BIGINT REFERENCES restaurants ON DELETE CASCADE,
    review_id BIGINT REFERENCES reviews ON DELETE CASCADE,
    PRIMARY KEY (caller_kind, caller_id, key),
    CHECK (num_nonnulls(restaurant_id, review_id) = 1)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
-- For the cascading deletes.
CREATE INDEX idempotency_keys_of_restaurants ON idempotency_keys (restaurant_id) WHERE restaurant_id IS NOT NULL;
CREATE INDEX idempotency_keys_of_reviews ON idempotency_keys (review_id) WHERE review_id IS NOT NULL;
