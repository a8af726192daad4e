-- Attribution, the activity record, write budgets, and the tables of what was taken back.

-- In the same order as writers lock them, which prevents deadlocks.
LOCK TABLE reviews, restaurants IN ACCESS EXCLUSIVE MODE;

-- NOT VALID: the columns of older rows are empty, and the check of a large table would take its time under the lock.
ALTER TABLE restaurants
    -- The client application that acted for a person, or called in its own name; '' where a person's is not known.
    ADD COLUMN created_by_client_id TEXT,
    ADD COLUMN created_by_client_name TEXT,
    ADD COLUMN created_by_blueprint TEXT,
    -- The channel, and after a colon the tool.
    ADD COLUMN created_via TEXT,
    ADD CONSTRAINT restaurants_attribution CHECK (
        char_length(created_by_client_id) <= 100 AND char_length(created_by_client_name) <= 100
        AND char_length(created_by_blueprint) <= 100 AND char_length(created_via) <= 110
        AND split_part(created_via, ':', 1) IN ('page', 'mcp', 'command')
    ) NOT VALID;
ALTER TABLE reviews
    ADD COLUMN created_by_client_id TEXT,
    ADD COLUMN created_by_client_name TEXT,
    ADD COLUMN created_by_blueprint TEXT,
    ADD COLUMN created_via TEXT,
    ADD CONSTRAINT reviews_attribution CHECK (
        char_length(created_by_client_id) <= 100 AND char_length(created_by_client_name) <= 100
        AND char_length(created_by_blueprint) <= 100 AND char_length(created_via) <= 110
        AND split_part(created_via, ':', 1) IN ('page', 'mcp', 'command')
    ) NOT VALID;

-- Finds what an author wrote, to take it back. Restaurants have no such index: each review of one would pay for it.
CREATE INDEX reviews_by_author ON reviews (created_by_id, id) WHERE created_by_id IS NOT NULL;

-- One row for each successful write, of the same transaction. It is never changed, and deleted only by its age.
CREATE TABLE activity (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    operation TEXT COLLATE "C" NOT NULL CHECK (char_length(operation) BETWEEN 1 AND 50),
    -- No foreign keys: the record outlives what it is about.
    restaurant_id BIGINT NOT NULL,
    review_id BIGINT,
    actor_kind TEXT COLLATE "C" NOT NULL
        CHECK (actor_kind IN ('anonymous', 'person', 'agent', 'agent_for_person', 'system')),
    actor_id TEXT CHECK (char_length(actor_id) <= 100),
    actor_name TEXT CHECK (char_length(actor_name) <= 100),
    client_id TEXT CHECK (char_length(client_id) <= 100),
    client_name TEXT CHECK (char_length(client_name) <= 100),
    blueprint TEXT CHECK (char_length(blueprint) <= 100),
    channel TEXT CHECK (channel IN ('page', 'mcp', 'command')),
    tool TEXT CHECK (char_length(tool) <= 100),
    request_id TEXT CHECK (char_length(request_id) <= 100),
    trace_id TEXT CHECK (char_length(trace_id) <= 100)
);

CREATE INDEX activity_by_age ON activity (at);

CREATE FUNCTION keep_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() AT TIME ZONE 'UTC' - INTERVAL '23 hours' THEN
        RETURN OLD;
    END IF;
    RAISE check_violation USING MESSAGE = 'the activity record is append-only';
END
$$;
CREATE TRIGGER activity_is_append_only BEFORE UPDATE OR DELETE ON activity
    FOR EACH ROW EXECUTE FUNCTION keep_activity();
CREATE TRIGGER activity_is_not_truncated BEFORE TRUNCATE ON activity
    FOR EACH STATEMENT EXECUTE FUNCTION keep_activity();

-- The writes of a caller in the minute, hour and day that began with the first write of each.
CREATE TABLE write_budgets (
    caller_kind TEXT COLLATE "C" NOT NULL CHECK (caller_kind IN ('person', 'agent', 'agent_for_person')),
    caller_id TEXT COLLATE "C" NOT NULL CHECK (char_length(caller_id) <= 100),
    client_id TEXT COLLATE "C" NOT NULL CHECK (char_length(client_id) <= 100),
    minute_began TIMESTAMP NOT NULL,
    minute_writes BIGINT NOT NULL,
    hour_began TIMESTAMP NOT NULL,
    hour_writes BIGINT NOT NULL,
    day_began TIMESTAMP NOT NULL,
    day_writes BIGINT NOT NULL,
    PRIMARY KEY (caller_kind, caller_id, client_id)
);

-- What was taken back is moved here, and may be restored. So no read, sum, count or search has to leave it out.
CREATE TABLE hidden_restaurants (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    street_address TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by_id TEXT,
    created_by_name TEXT,
    created_by_client_id TEXT,
    created_by_client_name TEXT,
    created_by_blueprint TEXT,
    created_via TEXT,
    hidden_at TIMESTAMP NOT NULL,
    reason TEXT COLLATE "C" NOT NULL CHECK (reason IN ('hide', 'delete', 'retract'))
);

CREATE INDEX hidden_restaurants_by_author ON hidden_restaurants (created_by_id, id);

CREATE TABLE hidden_reviews (
    id BIGINT PRIMARY KEY,
    restaurant_id BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    rating SMALLINT NOT NULL,
    review_text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by_id TEXT,
    created_by_name TEXT,
    created_by_client_id TEXT,
    created_by_client_name TEXT,
    created_by_blueprint TEXT,
    created_via TEXT,
    hidden_at TIMESTAMP NOT NULL,
    -- 'restaurant': hidden with its restaurant, and restored with it.
    reason TEXT COLLATE "C" NOT NULL CHECK (reason IN ('hide', 'delete', 'retract', 'restaurant'))
);

CREATE INDEX hidden_reviews_by_author ON hidden_reviews (created_by_id, id);
CREATE INDEX hidden_reviews_of_restaurant ON hidden_reviews (restaurant_id);
