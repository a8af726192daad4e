-- Counts of a restaurant's ratings by stars and by authors, and an index for each choice of reviews that a page offers.

-- In the same order as writers lock them, which prevents deadlocks.
LOCK TABLE reviews, restaurants IN ACCESS EXCLUSIVE MODE;

-- Maintained by the triggers on reviews.
ALTER TABLE restaurants
    ADD COLUMN stars_1 BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN stars_2 BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN stars_3 BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN stars_4 BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN stars_5 BIGINT NOT NULL DEFAULT 0,
    -- The ratings that people gave, and those that agents gave, in their own name or for a person.
    ADD COLUMN people_sum BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN people_count BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN agents_sum BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN agents_count BIGINT NOT NULL DEFAULT 0;

-- The conditions are word for word those of the program.
CREATE INDEX reviews_by_stars ON reviews (restaurant_id, rating, id DESC);
CREATE INDEX reviews_by_people ON reviews (restaurant_id, id DESC)
    WHERE created_by_kind = 'person' AND created_by_client_id IS NULL;
CREATE INDEX reviews_by_agents ON reviews (restaurant_id, id DESC)
    WHERE created_by_kind = 'agent' OR created_by_client_id IS NOT NULL;

-- What the migration 1 said of sum_ratings holds for these three: one statement, one update per restaurant, in the order of
-- the ids. They differ in the rows that they count, and in the sign.
DO $do$
DECLARE
    kind RECORD;
BEGIN
    FOR kind IN
        SELECT * FROM (VALUES
            ('inserted', 'SELECT *, 1 AS change FROM new_reviews'),
            ('deleted', 'SELECT *, -1 AS change FROM old_reviews'),
            ('updated', 'SELECT *, 1 AS change FROM new_reviews UNION ALL SELECT *, -1 FROM old_reviews')
        ) AS kinds (name, rows)
    LOOP
        EXECUTE format(
            $sql$
            CREATE FUNCTION %I () RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
                one RECORD;
            BEGIN
                FOR one IN
                    SELECT restaurant_id, sum(change * rating) AS stars, sum(change) AS reviews,
                        coalesce(sum(change) FILTER (WHERE rating = 1), 0) AS stars_1,
                        coalesce(sum(change) FILTER (WHERE rating = 2), 0) AS stars_2,
                        coalesce(sum(change) FILTER (WHERE rating = 3), 0) AS stars_3,
                        coalesce(sum(change) FILTER (WHERE rating = 4), 0) AS stars_4,
                        coalesce(sum(change) FILTER (WHERE rating = 5), 0) AS stars_5,
                        coalesce(sum(change * rating) FILTER (WHERE by_person), 0) AS people_sum,
                        coalesce(sum(change) FILTER (WHERE by_person), 0) AS people_count,
                        coalesce(sum(change * rating) FILTER (WHERE by_agent), 0) AS agents_sum,
                        coalesce(sum(change) FILTER (WHERE by_agent), 0) AS agents_count
                    FROM (
                        SELECT restaurant_id, rating, change,
                            created_by_kind = 'person' AND created_by_client_id IS NULL AS by_person,
                            created_by_kind = 'agent' OR created_by_client_id IS NOT NULL AS by_agent
                        FROM (%s) AS changed
                    ) AS changes
                    GROUP BY restaurant_id ORDER BY restaurant_id
                LOOP
                    UPDATE restaurants
                    SET rating_sum = rating_sum + one.stars, rating_count = rating_count + one.reviews,
                        stars_1 = restaurants.stars_1 + one.stars_1,
                        stars_2 = restaurants.stars_2 + one.stars_2,
                        stars_3 = restaurants.stars_3 + one.stars_3,
                        stars_4 = restaurants.stars_4 + one.stars_4,
                        stars_5 = restaurants.stars_5 + one.stars_5,
                        people_sum = restaurants.people_sum + one.people_sum,
                        people_count = restaurants.people_count + one.people_count,
                        agents_sum = restaurants.agents_sum + one.agents_sum,
                        agents_count = restaurants.agents_count + one.agents_count
                    WHERE id = one.restaurant_id;
                END LOOP;
                RETURN NULL;
            END
            $$
            $sql$,
            'count_' || kind.name || '_ratings', kind.rows
        );
    END LOOP;
END
$do$;

CREATE FUNCTION forget_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE restaurants
    SET rating_sum = 0, rating_count = 0, stars_1 = 0, stars_2 = 0, stars_3 = 0, stars_4 = 0, stars_5 = 0,
        people_sum = 0, people_count = 0, agents_sum = 0, agents_count = 0
    WHERE rating_count <> 0;
    RETURN NULL;
END
$$;

DROP TRIGGER reviews_inserted ON reviews;
DROP TRIGGER reviews_updated ON reviews;
DROP TRIGGER reviews_deleted ON reviews;
DROP TRIGGER reviews_truncated ON reviews;
DROP FUNCTION sum_ratings;

CREATE TRIGGER reviews_inserted AFTER INSERT ON reviews
    REFERENCING NEW TABLE AS new_reviews FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_ratings();
CREATE TRIGGER reviews_updated AFTER UPDATE ON reviews
    REFERENCING OLD TABLE AS old_reviews NEW TABLE AS new_reviews FOR EACH STATEMENT EXECUTE FUNCTION count_updated_ratings();
CREATE TRIGGER reviews_deleted AFTER DELETE ON reviews
    REFERENCING OLD TABLE AS old_reviews FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_ratings();
CREATE TRIGGER reviews_truncated AFTER TRUNCATE ON reviews
    FOR EACH STATEMENT EXECUTE FUNCTION forget_ratings();

-- What is there already. The sums hold; only the new columns are set, which no index has.
UPDATE restaurants
SET stars_1 = kept.stars_1, stars_2 = kept.stars_2, stars_3 = kept.stars_3, stars_4 = kept.stars_4, stars_5 = kept.stars_5,
    people_sum = kept.people_sum, people_count = kept.people_count,
    agents_sum = kept.agents_sum, agents_count = kept.agents_count
FROM (
    SELECT restaurant_id,
        count(*) FILTER (WHERE rating = 1) AS stars_1,
        count(*) FILTER (WHERE rating = 2) AS stars_2,
        count(*) FILTER (WHERE rating = 3) AS stars_3,
        count(*) FILTER (WHERE rating = 4) AS stars_4,
        count(*) FILTER (WHERE rating = 5) AS stars_5,
        coalesce(sum(rating) FILTER (WHERE by_person), 0) AS people_sum,
        count(*) FILTER (WHERE by_person) AS people_count,
        coalesce(sum(rating) FILTER (WHERE by_agent), 0) AS agents_sum,
        count(*) FILTER (WHERE by_agent) AS agents_count
    FROM (
        SELECT restaurant_id, rating,
            created_by_kind = 'person' AND created_by_client_id IS NULL AS by_person,
            created_by_kind = 'agent' OR created_by_client_id IS NOT NULL AS by_agent
        FROM reviews
    ) AS rated
    GROUP BY restaurant_id
) AS kept
WHERE restaurants.id = kept.restaurant_id;
