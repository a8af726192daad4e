DROP FUNCTION finish_hiding_restaurant, finish_hiding_reviews_of, finish_hiding_review,
    finish_restoring_restaurant, finish_restoring_reviews_of, finish_restoring_review;
