-- Counts of a restaurant's ratings by stars and by authors, and an index for each choice of reviews that a page offers.

-- Maintained by the triggers on reviews. The last four: the ratings that people gave, and those that agents gave, in their own
-- name or for a person.
ALTER TABLE restaurants ADD COLUMN stars_1 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN stars_2 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN stars_3 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN stars_4 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN stars_5 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN people_sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN people_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN agents_sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE restaurants ADD COLUMN agents_count INTEGER NOT NULL DEFAULT 0;

-- The conditions are word for word those of the program.
CREATE INDEX reviews_by_stars ON reviews (restaurant_id, rating, id DESC);
CREATE INDEX reviews_by_people ON reviews (restaurant_id, id DESC)
    WHERE created_by_kind = 'person' AND created_by_client_id IS NULL;
CREATE INDEX reviews_by_agents ON reviews (restaurant_id, id DESC)
    WHERE created_by_kind = 'agent' OR created_by_client_id IS NOT NULL;

DROP TRIGGER reviews_inserted;
DROP TRIGGER reviews_updated;
DROP TRIGGER reviews_deleted;

CREATE TRIGGER reviews_inserted AFTER INSERT ON reviews BEGIN
    UPDATE restaurants SET
        rating_sum = rating_sum + new.rating, rating_count = rating_count + 1,
        stars_1 = stars_1 + (new.rating = 1), stars_2 = stars_2 + (new.rating = 2), stars_3 = stars_3 + (new.rating = 3),
        stars_4 = stars_4 + (new.rating = 4), stars_5 = stars_5 + (new.rating = 5),
        people_sum = people_sum + new.rating * (new.created_by_kind = 'person' AND new.created_by_client_id IS NULL),
        people_count = people_count + (new.created_by_kind = 'person' AND new.created_by_client_id IS NULL),
        agents_sum = agents_sum + new.rating * (new.created_by_kind = 'agent' OR new.created_by_client_id IS NOT NULL),
        agents_count = agents_count + (new.created_by_kind = 'agent' OR new.created_by_client_id IS NOT NULL)
        WHERE id = new.restaurant_id;
END;
CREATE TRIGGER reviews_updated AFTER UPDATE ON reviews BEGIN
    UPDATE restaurants SET
        rating_sum = rating_sum - old.rating, rating_count = rating_count - 1,
        stars_1 = stars_1 - (old.rating = 1), stars_2 = stars_2 - (old.rating = 2), stars_3 = stars_3 - (old.rating = 3),
        stars_4 = stars_4 - (old.rating = 4), stars_5 = stars_5 - (old.rating = 5),
        people_sum = people_sum - old.rating * (old.created_by_kind = 'person' AND old.created_by_client_id IS NULL),
        people_count = people_count - (old.created_by_kind = 'person' AND old.created_by_client_id IS NULL),
        agents_sum = agents_sum - old.rating * (old.created_by_kind = 'agent' OR old.created_by_client_id IS NOT NULL),
        agents_count = agents_count - (old.created_by_kind = 'agent' OR old.created_by_client_id IS NOT NULL)
        WHERE id = old.restaurant_id;
    UPDATE restaurants SET
        rating_sum = rating_sum + new.rating, rating_count = rating_count + 1,
        stars_1 = stars_1 + (new.rating = 1), stars_2 = stars_2 + (new.rating = 2), stars_3 = stars_3 + (new.rating = 3),
        stars_4 = stars_4 + (new.rating = 4), stars_5 = stars_5 + (new.rating = 5),
        people_sum = people_sum + new.rating * (new.created_by_kind = 'person' AND new.created_by_client_id IS NULL),
        people_count = people_count + (new.created_by_kind = 'person' AND new.created_by_client_id IS NULL),
        agents_sum = agents_sum + new.rating * (new.created_by_kind = 'agent' OR new.created_by_client_id IS NOT NULL),
        agents_count = agents_count + (new.created_by_kind = 'agent' OR new.created_by_client_id IS NOT NULL)
        WHERE id = new.restaurant_id;
END;
CREATE TRIGGER reviews_deleted AFTER DELETE ON reviews BEGIN
    UPDATE restaurants SET
        rating_sum = rating_sum - old.rating, rating_count = rating_count - 1,
        stars_1 = stars_1 - (old.rating = 1), stars_2 = stars_2 - (old.rating = 2), stars_3 = stars_3 - (old.rating = 3),
        stars_4 = stars_4 - (old.rating = 4), stars_5 = stars_5 - (old.rating = 5),
        people_sum = people_sum - old.rating * (old.created_by_kind = 'person' AND old.created_by_client_id IS NULL),
        people_count = people_count - (old.created_by_kind = 'person' AND old.created_by_client_id IS NULL),
        agents_sum = agents_sum - old.rating * (old.created_by_kind = 'agent' OR old.created_by_client_id IS NOT NULL),
        agents_count = agents_count - (old.created_by_kind = 'agent' OR old.created_by_client_id IS NOT NULL)
        WHERE id = old.restaurant_id;
END;

-- What is there already.
UPDATE restaurants SET
    stars_1 = kept.stars_1, stars_2 = kept.stars_2, stars_3 = kept.stars_3, stars_4 = kept.stars_4, stars_5 = kept.stars_5,
    people_sum = kept.people_sum, people_count = kept.people_count,
    agents_sum = kept.agents_sum, agents_count = kept.agents_count
FROM (
    SELECT restaurant_id,
        sum(rating = 1) AS stars_1, sum(rating = 2) AS stars_2, sum(rating = 3) AS stars_3,
        sum(rating = 4) AS stars_4, sum(rating = 5) AS stars_5,
        sum(rating * by_person) AS people_sum, sum(by_person) AS people_count,
        sum(rating * by_agent) AS agents_sum, sum(by_agent) AS agents_count
    FROM (
        SELECT restaurant_id, rating,
            created_by_kind = 'person' AND created_by_client_id IS NULL AS by_person,
            created_by_kind = 'agent' OR created_by_client_id IS NOT NULL AS by_agent
        FROM reviews
    ) AS rated
    GROUP BY restaurant_id
) AS kept
WHERE restaurants.id = kept.restaurant_id;
