-- A statement that adds a review changes the kept counts of its restaurant, and locks that row before the foreign key does: the
-- lock of a foreign key can be shared, and a version of a row that two transactions have locked together stays until a vacuum,
-- where each later change of the row looks at it. A small table with many such versions is best read by its index.
CREATE FUNCTION lock_restaurant() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM restaurants WHERE id = NEW.restaurant_id FOR NO KEY UPDATE;
    RETURN NEW;
END
$$;
CREATE TRIGGER reviews_lock_restaurant BEFORE INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION lock_restaurant();
