-- One text for both databases: TEXT, BIGINT and BOOLEAN only; moments are milliseconds since 1970.
-- Every table of people's data has the client first in its key.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);
-- Moves with every change of a client's existence, an instance, a key or a token.
INSERT INTO counters (name, number) VALUES ('registry', 0);

CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    partner_id TEXT,
    partner_name TEXT,
    enrollment_token TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    -- The number of the latest change. A write locks this row first.
    change_number BIGINT NOT NULL
);

CREATE TABLE instances (
    name TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE instance_keys (
    id TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    audience TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    pem TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT,
    -- NULL: every client.
    client_id TEXT,
    scopes TEXT NOT NULL,
    limits TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    -- The registry's number when the row last changed.
    registry_number BIGINT NOT NULL
);
CREATE INDEX tokens_by_registry_number ON tokens (registry_number);

CREATE TABLE users (
    client_id TEXT NOT NULL,
    id TEXT NOT NULL,
    username TEXT NOT NULL,
    user_key TEXT NOT NULL,
    user_key_folded TEXT NOT NULL,
    external_id TEXT,
    state TEXT NOT NULL,
    -- The gateway's `user` object but for its state; NULL when nothing is set.
    profile TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    revision BIGINT NOT NULL,
    PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX users_by_user_key ON users (client_id, user_key_folded);
CREATE UNIQUE INDEX users_by_external_id ON users (client_id, external_id);
CREATE INDEX users_by_revision ON users (client_id, revision);

CREATE TABLE renames (
    client_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (client_id, number)
);

CREATE TABLE departments (
    client_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- NULL once deleted: the name is free again.
    name_folded TEXT,
    description TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    revision BIGINT NOT NULL,
    PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX departments_by_name ON departments (client_id, name_folded);
CREATE INDEX departments_by_revision ON departments (client_id, revision);

CREATE TABLE memberships (
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    department_id TEXT NOT NULL,
    -- The order of one user's departments; the smallest is the primary one.
    position BIGINT NOT NULL,
    PRIMARY KEY (client_id, user_id, department_id)
);
CREATE INDEX memberships_by_department ON memberships (client_id, department_id);

CREATE TABLE changes (
    client_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- The token's id; NULL for the command line.
    actor TEXT,
    source TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    action TEXT NOT NULL,
    -- JSON: what it was and what it is.
    detail TEXT NOT NULL,
    PRIMARY KEY (client_id, number)
);

-- Activity has numbers of its own and never locks the client.
CREATE TABLE activity_counters (
    client_id TEXT PRIMARY KEY,
    -- The latest entry of the log.
    number BIGINT NOT NULL,
    -- The latest entry that the table `activity` contains.
    folded BIGINT NOT NULL
);

CREATE TABLE activity_log (
    client_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    reports TEXT NOT NULL,
    PRIMARY KEY (client_id, number)
);

CREATE TABLE activity (
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    desktop_at BIGINT,
    web_at BIGINT,
    PRIMARY KEY (client_id, user_id)
);

CREATE TABLE idempotency (
    -- Empty where a request is about no client yet.
    client_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (client_id, actor, key)
);
CREATE INDEX idempotency_by_time ON idempotency (at);
