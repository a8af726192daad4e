DROP TRIGGER reviews_inserted ON reviews;
DROP TRIGGER reviews_updated ON reviews;
DROP TRIGGER reviews_deleted ON reviews;
DROP TRIGGER reviews_truncated ON reviews;
DROP FUNCTION count_inserted_ratings, count_updated_ratings, count_deleted_ratings, forget_ratings;
DROP INDEX reviews_by_stars, reviews_by_people, reviews_by_agents;
ALTER TABLE restaurants
    DROP COLUMN stars_1, DROP COLUMN stars_2, DROP COLUMN stars_3, DROP COLUMN stars_4, DROP COLUMN stars_5,
    DROP COLUMN people_sum, DROP COLUMN people_count, DROP COLUMN agents_sum, DROP COLUMN agents_count;

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
