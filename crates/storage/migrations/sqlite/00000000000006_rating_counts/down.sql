DROP TRIGGER reviews_inserted;
DROP TRIGGER reviews_updated;
DROP TRIGGER reviews_deleted;
DROP INDEX reviews_by_stars;
DROP INDEX reviews_by_people;
DROP INDEX reviews_by_agents;
ALTER TABLE restaurants DROP COLUMN stars_1;
ALTER TABLE restaurants DROP COLUMN stars_2;
ALTER TABLE restaurants DROP COLUMN stars_3;
ALTER TABLE restaurants DROP COLUMN stars_4;
ALTER TABLE restaurants DROP COLUMN stars_5;
ALTER TABLE restaurants DROP COLUMN people_sum;
ALTER TABLE restaurants DROP COLUMN people_count;
ALTER TABLE restaurants DROP COLUMN agents_sum;
ALTER TABLE restaurants DROP COLUMN agents_count;

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
