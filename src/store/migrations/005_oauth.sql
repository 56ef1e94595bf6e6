-- Machines that exchange a secret for tokens that soon end.

CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    name TEXT,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    limits TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE oauth_secrets (
    hash TEXT PRIMARY KEY,
    oauth_client_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL until another one is in its place.
    expires_at BIGINT
);
CREATE INDEX oauth_secrets_by_owner ON oauth_secrets (oauth_client_id);

-- Whom a token was issued to; NULL for those that people made.
ALTER TABLE tokens ADD COLUMN oauth_client TEXT;
CREATE INDEX tokens_by_oauth_client ON tokens (oauth_client, expires_at);
