DROP TRIGGER reviews_lock_restaurant ON reviews;
DROP FUNCTION lock_restaurant;
