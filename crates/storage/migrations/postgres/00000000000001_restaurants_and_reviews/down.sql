-- Keeps the extension, which other schemas may use.
DROP TABLE restaurant_search;
DROP TABLE reviews;
DROP TABLE restaurants;
DROP TABLE restaurant_counts;
DROP FUNCTION sum_ratings();
DROP FUNCTION count_restaurants();
