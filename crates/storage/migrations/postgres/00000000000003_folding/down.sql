DROP TRIGGER restaurants_hide_nothing ON restaurants;
DROP TRIGGER reviews_hide_nothing ON reviews;
DROP TRIGGER idempotency_keys_hide_nothing ON idempotency_keys;
DROP FUNCTION refuse_hidden_text();
DROP INDEX restaurant_search_by_folding;
ALTER TABLE restaurant_search DROP COLUMN folding;
