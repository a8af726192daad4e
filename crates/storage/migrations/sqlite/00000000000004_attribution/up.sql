-- Attribution, the activity record, write budgets, and the tables of what was taken back.

-- created_by_client_id: the client application that acted for a person, or called in its own name; '' where a person's is not known.
-- created_via: the channel, and after a colon the tool.
ALTER TABLE restaurants ADD COLUMN created_by_client_id TEXT CHECK (length(created_by_client_id) <= 100);
ALTER TABLE restaurants ADD COLUMN created_by_client_name TEXT CHECK (length(created_by_client_name) <= 100);
ALTER TABLE restaurants ADD COLUMN created_by_blueprint TEXT CHECK (length(created_by_blueprint) <= 100);
ALTER TABLE restaurants ADD COLUMN created_via TEXT CHECK (length(created_via) <= 110
    AND (created_via IN ('page', 'mcp', 'command') OR created_via LIKE 'mcp:%' OR created_via LIKE 'page:%' OR created_via LIKE 'command:%'));
ALTER TABLE reviews ADD COLUMN created_by_client_id TEXT CHECK (length(created_by_client_id) <= 100);
ALTER TABLE reviews ADD COLUMN created_by_client_name TEXT CHECK (length(created_by_client_name) <= 100);
ALTER TABLE reviews ADD COLUMN created_by_blueprint TEXT CHECK (length(created_by_blueprint) <= 100);
ALTER TABLE reviews ADD COLUMN created_via TEXT CHECK (length(created_via) <= 110
    AND (created_via IN ('page', 'mcp', 'command') OR created_via LIKE 'mcp:%' OR created_via LIKE 'page:%' OR created_via LIKE 'command:%'));

-- Finds what an author wrote, to take it back. Restaurants have no such index: each review of one would pay for it.
CREATE INDEX reviews_by_author ON reviews (created_by_id, id) WHERE created_by_id IS NOT NULL;

-- One row for each successful write, of the same transaction. It is never changed, and deleted only by its age.
CREATE TABLE activity (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at TIMESTAMP NOT NULL,
    operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 50),
    -- No foreign keys: the record outlives what it is about.
    restaurant_id INTEGER NOT NULL,
    review_id INTEGER,
    actor_kind TEXT NOT NULL
        CHECK (actor_kind IN ('anonymous', 'person', 'agent', 'agent_for_person', 'system')),
    actor_id TEXT CHECK (length(actor_id) <= 100),
    actor_name TEXT CHECK (length(actor_name) <= 100),
    client_id TEXT CHECK (length(client_id) <= 100),
    client_name TEXT CHECK (length(client_name) <= 100),
    blueprint TEXT CHECK (length(blueprint) <= 100),
    channel TEXT CHECK (channel IN ('page', 'mcp', 'command')),
    tool TEXT CHECK (length(tool) <= 100),
    request_id TEXT CHECK (length(request_id) <= 100),
    trace_id TEXT CHECK (length(trace_id) <= 100)
);

CREATE INDEX activity_by_age ON activity (at);

CREATE TRIGGER activity_is_not_updated BEFORE UPDATE ON activity BEGIN
    SELECT RAISE(ABORT, 'the activity record is append-only');
END;
CREATE TRIGGER activity_is_not_deleted BEFORE DELETE ON activity
WHEN datetime(old.at) >= datetime('now', '-23 hours')
BEGIN
    SELECT RAISE(ABORT, 'the activity record is append-only');
END;

-- The writes of a caller in the minute, hour and day that began with the first write of each.
CREATE TABLE write_budgets (
    caller_kind TEXT NOT NULL CHECK (caller_kind IN ('person', 'agent', 'agent_for_person')),
    caller_id TEXT NOT NULL CHECK (length(caller_id) <= 100),
    client_id TEXT NOT NULL CHECK (length(client_id) <= 100),
    minute_began TIMESTAMP NOT NULL,
    minute_writes INTEGER NOT NULL,
    hour_began TIMESTAMP NOT NULL,
    hour_writes INTEGER NOT NULL,
    day_began TIMESTAMP NOT NULL,
    day_writes INTEGER NOT NULL,
    PRIMARY KEY (caller_kind, caller_id, client_id)
);

-- What was taken back is moved here, and may be restored. So no read, sum, count or search has to leave it out.
CREATE TABLE hidden_restaurants (
    id INTEGER NOT NULL PRIMARY KEY,
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
    reason TEXT NOT NULL CHECK (reason IN ('hide', 'delete', 'retract'))
);

CREATE INDEX hidden_restaurants_by_author ON hidden_restaurants (created_by_id, id);

CREATE TABLE hidden_reviews (
    id INTEGER NOT NULL PRIMARY KEY,
    restaurant_id INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    rating INTEGER NOT NULL,
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
    reason TEXT NOT NULL CHECK (reason IN ('hide', 'delete', 'retract', 'restaurant'))
);

CREATE INDEX hidden_reviews_by_author ON hidden_reviews (created_by_id, id);
CREATE INDEX hidden_reviews_of_restaurant ON hidden_reviews (restaurant_id);
