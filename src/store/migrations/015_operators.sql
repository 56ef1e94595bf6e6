-- People who have signed in to the console through an OpenID provider: the log of changes names them by
-- these ids.

CREATE TABLE operators (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT,
    signed_in_at BIGINT NOT NULL
);
