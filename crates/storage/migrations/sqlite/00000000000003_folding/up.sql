-- The version of the folding that produced a restaurant's search text and name key. 0, which older versions of the program
-- leave, is lower case. `migrate` derives rows of an older version again.
ALTER TABLE restaurant_search ADD COLUMN folding INTEGER NOT NULL DEFAULT 0;
CREATE INDEX restaurant_search_by_folding ON restaurant_search (folding);

-- The limits of crates/domain on invisible characters, as far as a pattern can express them: no bidirectional control or
-- separator in a single-line field, no embedding or override in any text, no tag characters except those of three flags. Triggers
-- check this, because a CHECK constraint would require new tables.

CREATE TRIGGER restaurants_hide_nothing_inserted BEFORE INSERT ON restaurants
WHEN (new.name || new.street_address) GLOB '*[' || char(1564, 8206, 8207) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'
    OR new.description GLOB '*[' || char(8232) || '-' || char(8238) || ']*'
    OR ((new.name || char(10) || new.street_address || char(10) || new.description) GLOB '*[' || char(917504) || '-' || char(917631) || ']*'
        AND replace(replace(replace(new.name || char(10) || new.street_address || char(10) || new.description, char(127988, 917607, 917602, 917605, 917614, 917607, 917631), ''), char(127988, 917607, 917602, 917619, 917603, 917620, 917631), ''), char(127988, 917607, 917602, 917623, 917612, 917619, 917631), '') GLOB '*[' || char(917504) || '-' || char(917631) || ']*')
BEGIN
    SELECT RAISE(ABORT, 'a text of restaurants holds a character that hides or turns others');
END;

CREATE TRIGGER restaurants_hide_nothing_updated BEFORE UPDATE OF name, street_address, description ON restaurants
WHEN (new.name || new.street_address) GLOB '*[' || char(1564, 8206, 8207) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'
    OR new.description GLOB '*[' || char(8232) || '-' || char(8238) || ']*'
    OR ((new.name || char(10) || new.street_address || char(10) || new.description) GLOB '*[' || char(917504) || '-' || char(917631) || ']*'
        AND replace(replace(replace(new.name || char(10) || new.street_address || char(10) || new.description, char(127988, 917607, 917602, 917605, 917614, 917607, 917631), ''), char(127988, 917607, 917602, 917619, 917603, 917620, 917631), ''), char(127988, 917607, 917602, 917623, 917612, 917619, 917631), '') GLOB '*[' || char(917504) || '-' || char(917631) || ']*')
BEGIN
    SELECT RAISE(ABORT, 'a text of restaurants holds a character that hides or turns others');
END;

CREATE TRIGGER reviews_hide_nothing_inserted BEFORE INSERT ON reviews
WHEN new.user_name GLOB '*[' || char(1564, 8206, 8207) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'
    OR new.review_text GLOB '*[' || char(8232) || '-' || char(8238) || ']*'
    OR ((new.user_name || char(10) || new.review_text) GLOB '*[' || char(917504) || '-' || char(917631) || ']*'
        AND replace(replace(replace(new.user_name || char(10) || new.review_text, char(127988, 917607, 917602, 917605, 917614, 917607, 917631), ''), char(127988, 917607, 917602, 917619, 917603, 917620, 917631), ''), char(127988, 917607, 917602, 917623, 917612, 917619, 917631), '') GLOB '*[' || char(917504) || '-' || char(917631) || ']*')
BEGIN
    SELECT RAISE(ABORT, 'a text of reviews holds a character that hides or turns others');
END;

CREATE TRIGGER reviews_hide_nothing_updated BEFORE UPDATE OF user_name, review_text ON reviews
WHEN new.user_name GLOB '*[' || char(1564, 8206, 8207) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'
    OR new.review_text GLOB '*[' || char(8232) || '-' || char(8238) || ']*'
    OR ((new.user_name || char(10) || new.review_text) GLOB '*[' || char(917504) || '-' || char(917631) || ']*'
        AND replace(replace(replace(new.user_name || char(10) || new.review_text, char(127988, 917607, 917602, 917605, 917614, 917607, 917631), ''), char(127988, 917607, 917602, 917619, 917603, 917620, 917631), ''), char(127988, 917607, 917602, 917623, 917612, 917619, 917631), '') GLOB '*[' || char(917504) || '-' || char(917631) || ']*')
BEGIN
    SELECT RAISE(ABORT, 'a text of reviews holds a character that hides or turns others');
END;

CREATE TRIGGER idempotency_keys_hide_nothing_inserted BEFORE INSERT ON idempotency_keys
WHEN new.key GLOB '*[' || char(1564, 8206, 8207) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'
    OR (new.key GLOB '*[' || char(917504) || '-' || char(917631) || ']*'
        AND replace(replace(replace(new.key, char(127988, 917607, 917602, 917605, 917614, 917607, 917631), ''), char(127988, 917607, 917602, 917619, 917603, 917620, 917631), ''), char(127988, 917607, 917602, 917623, 917612, 917619, 917631), '') GLOB '*[' || char(917504) || '-' || char(917631) || ']*')
BEGIN
    SELECT RAISE(ABORT, 'a text of idempotency_keys holds a character that hides or turns others');
END;

CREATE TRIGGER idempotency_keys_hide_nothing_updated BEFORE UPDATE OF key ON idempotency_keys
WHEN new.key GLOB '*[' || char(1564, 8206, 8207) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'
    OR (new.key GLOB '*[' || char(917504) || '-' || char(917631) || ']*'
        AND replace(replace(replace(new.key, char(127988, 917607, 917602, 917605, 917614, 917607, 917631), ''), char(127988, 917607, 917602, 917619, 917603, 917620, 917631), ''), char(127988, 917607, 917602, 917623, 917612, 917619, 917631), '') GLOB '*[' || char(917504) || '-' || char(917631) || ']*')
BEGIN
    SELECT RAISE(ABORT, 'a text of idempotency_keys holds a character that hides or turns others');
END;
