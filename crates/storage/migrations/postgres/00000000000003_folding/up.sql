-- Locks the tables in the same order as writers do, which prevents deadlocks.
LOCK TABLE reviews, restaurants IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE restaurant_search IN ACCESS EXCLUSIVE MODE;
LOCK TABLE idempotency_keys IN SHARE ROW EXCLUSIVE MODE;

-- The version of the folding that produced a restaurant's search text and name key. 0, which older versions of the program
-- leave, is lower case. `migrate` derives rows of an older version again.
ALTER TABLE restaurant_search ADD COLUMN folding SMALLINT NOT NULL DEFAULT 0;
CREATE INDEX restaurant_search_by_folding ON restaurant_search (folding);

-- The limits of crates/domain on invisible characters, as far as a pattern can express them: no bidirectional control or
-- separator in a single-line field, no embedding or override in any text, no tag characters except those of three flags. Triggers
-- check this, because a CHECK constraint would reject every later update of an older row.
CREATE FUNCTION refuse_hidden_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = format('a text of %s holds a character that hides or turns others', TG_TABLE_NAME);
END
$$;

CREATE TRIGGER restaurants_hide_nothing BEFORE INSERT OR UPDATE OF name, street_address, description ON restaurants
    FOR EACH ROW WHEN (
        NEW.name || NEW.street_address ~ '[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
        OR NEW.description ~ '[\u2028-\u202e]'
        OR (NEW.name || E'\n' || NEW.street_address || E'\n' || NEW.description ~ '[\U000E0000-\U000E007F]'
            AND regexp_replace(NEW.name || E'\n' || NEW.street_address || E'\n' || NEW.description, '\U0001F3F4(\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067|\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074|\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073)\U000E007F', '', 'g') ~ '[\U000E0000-\U000E007F]')
    ) EXECUTE FUNCTION refuse_hidden_text();

CREATE TRIGGER reviews_hide_nothing BEFORE INSERT OR UPDATE OF user_name, review_text ON reviews
    FOR EACH ROW WHEN (
        NEW.user_name ~ '[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
        OR NEW.review_text ~ '[\u2028-\u202e]'
        OR (NEW.user_name || E'\n' || NEW.review_text ~ '[\U000E0000-\U000E007F]'
            AND regexp_replace(NEW.user_name || E'\n' || NEW.review_text, '\U0001F3F4(\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067|\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074|\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073)\U000E007F', '', 'g') ~ '[\U000E0000-\U000E007F]')
    ) EXECUTE FUNCTION refuse_hidden_text();

CREATE TRIGGER idempotency_keys_hide_nothing BEFORE INSERT OR UPDATE OF key ON idempotency_keys
    FOR EACH ROW WHEN (
        NEW.key ~ '[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
        OR (NEW.key ~ '[\U000E0000-\U000E007F]'
            AND regexp_replace(NEW.key, '\U0001F3F4(\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067|\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074|\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073)\U000E007F', '', 'g') ~ '[\U000E0000-\U000E007F]')
    ) EXECUTE FUNCTION refuse_hidden_text();
