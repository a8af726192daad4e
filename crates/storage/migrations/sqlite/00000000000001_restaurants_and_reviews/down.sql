DROP TABLE restaurant_search_index;
DROP TABLE restaurant_search;
DROP TABLE reviews;
DROP TABLE restaurants;
DROP TABLE restaurant_counts;
