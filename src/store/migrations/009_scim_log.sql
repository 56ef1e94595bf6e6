-- What identity providers asked last, for who has to find out what they really sent. It is no part of
-- the record: entries come after the answer, and go when there are newer ones.

CREATE TABLE scim_log (
    client_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    -- NULL when nobody waited for the answer.
    status BIGINT,
    duration_us BIGINT NOT NULL,
    quirks TEXT NOT NULL,
    -- Spans of numbers in `changes`.
    changes TEXT NOT NULL,
    facts TEXT NOT NULL,
    -- The bodies, without their secrets; NULL when nothing of one is kept.
    sent TEXT,
    answered TEXT,
    PRIMARY KEY (client_id, number)
);
-- The number of each client's latest request. Whoever moves it has the turn to write.
CREATE TABLE scim_log_counters (
    client_id TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);
