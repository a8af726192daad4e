-- Restaurants and reviews. The CHECK constraints repeat the limits of crates/domain. Times are UTC.

CREATE TABLE restaurants (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL
        CHECK (length(name) BETWEEN 1 AND 50 AND name = trim(name))
        CHECK (instr(name, char(0)) = 0 AND name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
    name_key TEXT NOT NULL,
    street_address TEXT NOT NULL
        CHECK (length(street_address) BETWEEN 1 AND 50 AND street_address = trim(street_address))
        CHECK (instr(street_address, char(0)) = 0 AND street_address NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
    description TEXT NOT NULL
        CHECK (length(description) BETWEEN 1 AND 250 AND description = trim(description, char(32, 10)))
        CHECK (instr(description, char(0)) = 0 AND description NOT GLOB '*[' || char(1) || '-' || char(9) || char(11) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
    -- Maintained by the triggers on reviews.
    rating_sum INTEGER NOT NULL DEFAULT 0,
    rating_count INTEGER NOT NULL DEFAULT 0,
    -- The average in whole millionths: RatingSummary::sort_key.
    rating_key INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE WHEN rating_count = 0 THEN 0 ELSE rating_sum * 1000000 / rating_count END
    ) STORED,
    created_at TIMESTAMP NOT NULL,
    created_by_kind TEXT NOT NULL CHECK (created_by_kind IN ('anonymous', 'person', 'agent', 'system')),
    created_by_id TEXT CHECK (length(created_by_id) <= 100),
    created_by_name TEXT CHECK (length(created_by_name) <= 100),
    CHECK (rating_count >= 0 AND rating_sum BETWEEN rating_count AND 5 * rating_count)
);

CREATE INDEX restaurants_by_name ON restaurants (name_key, id);
CREATE INDEX restaurants_by_rating ON restaurants (rating_key DESC, id);
CREATE INDEX restaurants_by_reviews ON restaurants (rating_count DESC, id);

CREATE TABLE reviews (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    restaurant_id INTEGER NOT NULL REFERENCES restaurants ON DELETE CASCADE,
    user_name TEXT NOT NULL
        CHECK (length(user_name) BETWEEN 1 AND 50 AND user_name = trim(user_name))
        CHECK (instr(user_name, char(0)) = 0 AND user_name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
    rating INTEGER NOT NULL CHECK (typeof(rating) = 'integer' AND rating BETWEEN 1 AND 5),
    review_text TEXT NOT NULL
        CHECK (length(review_text) BETWEEN 1 AND 500 AND review_text = trim(review_text, char(32, 10)))
        CHECK (instr(review_text, char(0)) = 0 AND review_text NOT GLOB '*[' || char(1) || '-' || char(9) || char(11) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
    created_at TIMESTAMP NOT NULL,
    created_by_kind TEXT NOT NULL CHECK (created_by_kind IN ('anonymous', 'person', 'agent', 'system')),
    created_by_id TEXT CHECK (length(created_by_id) <= 100),
    created_by_name TEXT CHECK (length(created_by_name) <= 100)
);

CREATE INDEX reviews_of_restaurant ON reviews (restaurant_id, id DESC);

-- The search text, in lower case.
CREATE TABLE restaurant_search (
    restaurant_id INTEGER NOT NULL PRIMARY KEY REFERENCES restaurants ON DELETE CASCADE,
    text TEXT NOT NULL
);

-- Finds any substring of three characters or more, literally. The texts are stored in restaurant_search.
CREATE VIRTUAL TABLE restaurant_search_index USING fts5(
    text, content = 'restaurant_search', content_rowid = 'restaurant_id', columnsize = 0,
    tokenize = 'trigram case_sensitive 1'
);

CREATE TRIGGER restaurant_search_inserted AFTER INSERT ON restaurant_search BEGIN
    INSERT INTO restaurant_search_index (rowid, text) VALUES (new.restaurant_id, new.text);
END;
CREATE TRIGGER restaurant_search_updated AFTER UPDATE ON restaurant_search BEGIN
    INSERT INTO restaurant_search_index (restaurant_search_index, rowid, text)
        VALUES ('delete', old.restaurant_id, old.text);
    INSERT INTO restaurant_search_index (rowid, text) VALUES (new.restaurant_id, new.text);
END;
CREATE TRIGGER restaurant_search_deleted AFTER DELETE ON restaurant_search BEGIN
    INSERT INTO restaurant_search_index (restaurant_search_index, rowid, text)
        VALUES ('delete', old.restaurant_id, old.text);
END;

-- The number of restaurants is the sum of all shards. SQLite has one writer, so one shard is enough.
CREATE TABLE restaurant_counts (
    shard INTEGER NOT NULL PRIMARY KEY,
    restaurants INTEGER NOT NULL DEFAULT 0
);
INSERT INTO restaurant_counts (shard) VALUES (0);

CREATE TRIGGER restaurants_inserted AFTER INSERT ON restaurants BEGIN
    UPDATE restaurant_counts SET restaurants = restaurants + 1;
END;
CREATE TRIGGER restaurants_deleted AFTER DELETE ON restaurants BEGIN
    UPDATE restaurant_counts SET restaurants = restaurants - 1;
END;

CREATE TRIGGER reviews_inserted AFTER INSERT ON reviews BEGIN
    UPDATE restaurants SET rating_sum = rating_sum + new.rating, rating_count = rating_count + 1
        WHERE id = new.restaurant_id;
END;
CREATE TRIGGER reviews_updated AFTER UPDATE ON reviews BEGIN
    UPDATE restaurants SET rating_sum = rating_sum - old.rating, rating_count = rating_count - 1
        WHERE id = old.restaurant_id;
    UPDATE restaurants SET rating_sum = rating_sum + new.rating, rating_count = rating_count + 1
        WHERE id = new.restaurant_id;
END;
CREATE TRIGGER reviews_deleted AFTER DELETE ON reviews BEGIN
    UPDATE restaurants SET rating_sum = rating_sum - old.rating, rating_count = rating_count - 1
        WHERE id = old.restaurant_id;
END;
