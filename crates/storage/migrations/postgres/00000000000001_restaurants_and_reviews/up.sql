-- Restaurants and reviews. The CHECK constraints repeat the limits of crates/domain.
-- Times are UTC. COLLATE "C": keys are compared by code point, as SQLite and Rust do.

CREATE TABLE restaurants (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL
        CHECK (char_length(name) BETWEEN 1 AND 50)
        CHECK (name = btrim(name) AND name !~ '[\u0001-\u001f\u007f-\u009f]'),
    name_key TEXT COLLATE "C" NOT NULL,
    street_address TEXT NOT NULL
        CHECK (char_length(street_address) BETWEEN 1 AND 50)
        CHECK (street_address = btrim(street_address) AND street_address !~ '[\u0001-\u001f\u007f-\u009f]'),
    description TEXT NOT NULL
        CHECK (char_length(description) BETWEEN 1 AND 250)
        CHECK (description = btrim(description, E' \n') AND description !~ '[\u0001-\u0009\u000b-\u001f\u007f-\u009f]'),
    -- Maintained by the triggers on reviews.
    rating_sum BIGINT NOT NULL DEFAULT 0,
    rating_count BIGINT NOT NULL DEFAULT 0,
    -- The average in whole millionths: RatingSummary::sort_key.
    rating_key BIGINT NOT NULL GENERATED ALWAYS AS (
        CASE WHEN rating_count = 0 THEN 0 ELSE rating_sum * 1000000 / rating_count END
    ) STORED,
    created_at TIMESTAMP NOT NULL,
    created_by_kind TEXT NOT NULL CHECK (created_by_kind IN ('anonymous', 'person', 'agent', 'system')),
    created_by_id TEXT CHECK (char_length(created_by_id) <= 100),
    created_by_name TEXT CHECK (char_length(created_by_name) <= 100),
    CHECK (rating_count >= 0 AND rating_sum BETWEEN rating_count AND 5 * rating_count)
);

CREATE INDEX restaurants_by_name ON restaurants (name_key, id);
CREATE INDEX restaurants_by_rating ON restaurants (rating_key DESC, id);
CREATE INDEX restaurants_by_reviews ON restaurants (rating_count DESC, id);

CREATE TABLE reviews (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    restaurant_id BIGINT NOT NULL REFERENCES restaurants ON DELETE CASCADE,
    user_name TEXT NOT NULL
        CHECK (char_length(user_name) BETWEEN 1 AND 50)
        CHECK (user_name = btrim(user_name) AND user_name !~ '[\u0001-\u001f\u007f-\u009f]'),
    rating SMALLINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    review_text TEXT NOT NULL
        CHECK (char_length(review_text) BETWEEN 1 AND 500)
        CHECK (review_text = btrim(review_text, E' \n') AND review_text !~ '[\u0001-\u0009\u000b-\u001f\u007f-\u009f]'),
    created_at TIMESTAMP NOT NULL,
    created_by_kind TEXT NOT NULL CHECK (created_by_kind IN ('anonymous', 'person', 'agent', 'system')),
    created_by_id TEXT CHECK (char_length(created_by_id) <= 100),
    created_by_name TEXT CHECK (char_length(created_by_name) <= 100)
);

CREATE INDEX reviews_of_restaurant ON reviews (restaurant_id, id DESC);

-- The search text, in lower case. It is in a table of its own because a review updates its restaurant's row and
-- thereby every index of that table; the large index below must not pay for that.
CREATE TABLE restaurant_search (
    restaurant_id BIGINT PRIMARY KEY REFERENCES restaurants ON DELETE CASCADE,
    text TEXT NOT NULL
);

-- If the extension cannot be created, a search reads all texts instead.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX restaurant_search_by_trigram ON restaurant_search USING gin (text gin_trgm_ops);
EXCEPTION
    -- Not allowed (class 42), not installed (class 58 or feature_not_supported).
    WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
        RAISE NOTICE 'without pg_trgm a search reads every text: %', SQLERRM;
END
$$;

-- The number of restaurants is the sum of all shards. Each connection counts in a shard of its own as far as possible, so
-- that writers do not wait for each other. A single shard has no meaning and may be negative.
CREATE TABLE restaurant_counts (
    shard SMALLINT PRIMARY KEY,
    restaurants BIGINT NOT NULL DEFAULT 0
);
INSERT INTO restaurant_counts (shard) SELECT generate_series(0, 15);

CREATE FUNCTION count_restaurants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change BIGINT;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE restaurant_counts SET restaurants = 0;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO change FROM changed;
    ELSE
        SELECT -count(*) INTO change FROM changed;
    END IF;
    UPDATE restaurant_counts SET restaurants = restaurants + change WHERE shard = pg_backend_pid() % 16;
    RETURN NULL;
END
$$;

CREATE TRIGGER restaurants_inserted AFTER INSERT ON restaurants
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_restaurants();
CREATE TRIGGER restaurants_deleted AFTER DELETE ON restaurants
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_restaurants();
CREATE TRIGGER restaurants_truncated AFTER TRUNCATE ON restaurants
    FOR EACH STATEMENT EXECUTE FUNCTION count_restaurants();

-- Maintains rating_sum and rating_count. It runs per statement, so that many reviews cost one update per restaurant. It
-- updates one restaurant at a time, so that each is found by its key whatever the planner estimates, and so that two
-- statements with several restaurants lock them in the same order.
CREATE FUNCTION sum_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change RECORD;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR change IN
            SELECT restaurant_id, sum(rating) AS stars, count(*) AS reviews
            FROM new_reviews GROUP BY restaurant_id ORDER BY restaurant_id
        LOOP
            UPDATE restaurants
            SET rating_sum = rating_sum + change.stars, rating_count = rating_count + change.reviews
            WHERE id = change.restaurant_id;
        END LOOP;
    ELSIF TG_OP = 'DELETE' THEN
        FOR change IN
            SELECT restaurant_id, sum(rating) AS stars, count(*) AS reviews
            FROM old_reviews GROUP BY restaurant_id ORDER BY restaurant_id
        LOOP
            UPDATE restaurants
            SET rating_sum = rating_sum - change.stars, rating_count = rating_count - change.reviews
            WHERE id = change.restaurant_id;
        END LOOP;
    ELSIF TG_OP = 'UPDATE' THEN
        FOR change IN
            SELECT restaurant_id, sum(stars) AS stars, sum(reviews) AS reviews
            FROM (
                SELECT restaurant_id, rating AS stars, 1 AS reviews FROM new_reviews
                UNION ALL
                SELECT restaurant_id, -rating, -1 FROM old_reviews
            ) AS changes
            GROUP BY restaurant_id ORDER BY restaurant_id
        LOOP
            UPDATE restaurants
            SET rating_sum = rating_sum + change.stars, rating_count = rating_count + change.reviews
            WHERE id = change.restaurant_id;
        END LOOP;
    ELSE
        UPDATE restaurants SET rating_sum = 0, rating_count = 0 WHERE rating_count <> 0;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER reviews_inserted AFTER INSERT ON reviews
    REFERENCING NEW TABLE AS new_reviews FOR EACH STATEMENT EXECUTE FUNCTION sum_ratings();
CREATE TRIGGER reviews_updated AFTER UPDATE ON reviews
    REFERENCING OLD TABLE AS old_reviews NEW TABLE AS new_reviews FOR EACH STATEMENT EXECUTE FUNCTION sum_ratings();
CREATE TRIGGER reviews_deleted AFTER DELETE ON reviews
    REFERENCING OLD TABLE AS old_reviews FOR EACH STATEMENT EXECUTE FUNCTION sum_ratings();
CREATE TRIGGER reviews_truncated AFTER TRUNCATE ON reviews
    FOR EACH STATEMENT EXECUTE FUNCTION sum_ratings();
