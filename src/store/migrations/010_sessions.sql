-- Who is signed in to the console. A session's secret is in its browser alone.

CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    -- Whose: a token's id, or what identifies a person to their OpenID provider.
    owner TEXT NOT NULL,
    -- JSON: what is known of them.
    holder TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_owner ON sessions (owner, created_at);
