-- The running app may not delete posts. It copies them to the tables of what was taken back, or from there, and ends the move by one
-- of these functions. They run with the rights of their owner, and delete a row only if the other table holds the same: no
-- caller can lose a post by them. `pg_temp` stands last, so that no temporary table takes the place of ours.
DO $do$
DECLARE
    move RECORD;
BEGIN
    FOR move IN
        SELECT * FROM (VALUES
            ('finish_hiding_restaurant', 'restaurants', 'live', 'id'),
            ('finish_hiding_reviews_of', 'reviews', 'live', 'restaurant_id'),
            ('finish_hiding_review', 'reviews', 'live', 'id'),
            ('finish_restoring_restaurant', 'restaurants', 'hidden', 'id'),
            ('finish_restoring_reviews_of', 'reviews', 'hidden', 'restaurant_id'),
            ('finish_restoring_review', 'reviews', 'hidden', 'id')
        ) AS moves (name, posts, moved, given_column)
    LOOP
        EXECUTE format(
            'CREATE FUNCTION %I (given BIGINT) RETURNS SETOF BIGINT LANGUAGE sql SECURITY DEFINER SET search_path = %I, pg_temp AS '
            '$$DELETE FROM %I AS %s USING %I AS %s WHERE %s.%I = given AND live.id = hidden.id '
            'AND to_jsonb(live) @> (to_jsonb(hidden) - ''hidden_at'' - ''reason'') RETURNING live.id$$',
            move.name, current_schema(),
            CASE move.moved WHEN 'live' THEN move.posts ELSE 'hidden_' || move.posts END, move.moved,
            CASE move.moved WHEN 'live' THEN 'hidden_' || move.posts ELSE move.posts END,
            CASE move.moved WHEN 'live' THEN 'hidden' ELSE 'live' END,
            move.moved, move.given_column
        );
    END LOOP;
END
$do$;
