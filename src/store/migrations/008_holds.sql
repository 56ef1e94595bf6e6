-- Who would leave, but that too many do at once.

-- What waits for a person's word: the intent, when and whose it was; NULL when nothing does.
ALTER TABLE users ADD COLUMN held TEXT;

-- How the client wants to be provisioned; NULL when it has said nothing.
ALTER TABLE clients ADD COLUMN provisioning TEXT;

-- Whom a source deactivated or deleted lately.
CREATE TABLE departures (
    client_id TEXT NOT NULL,
    -- The token or OAuth client.
    source TEXT NOT NULL,
    user_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (client_id, source, user_id)
);
CREATE INDEX departures_by_time ON departures (client_id, source, at);
