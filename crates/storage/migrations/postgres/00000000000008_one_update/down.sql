CREATE OR REPLACE FUNCTION count_inserted_ratings () RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one RECORD;
BEGIN
    FOR one IN
        SELECT restaurant_id, sum(rating) AS stars, count(*) AS reviews,
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
            FROM new_reviews
        ) AS added
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
$$;
