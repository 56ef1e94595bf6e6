-- Files that wait to be imported, and the imports that were. Several nodes stand behind one address: what
-- one of them takes in another reads.

CREATE TABLE uploads (
    client_id TEXT NOT NULL,
    id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    actor TEXT,
    bytes BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL while it is still coming.
    completed_at BIGINT,
    PRIMARY KEY (client_id, id)
);
CREATE TABLE upload_parts (
    client_id TEXT NOT NULL,
    upload_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- In base64: a file may hold any bytes, and what is wrong with them is told row by row.
    content TEXT NOT NULL,
    PRIMARY KEY (client_id, upload_id, number)
);
CREATE TABLE imports (
    client_id TEXT NOT NULL,
    id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    actor TEXT,
    -- NULL for a file of the command line's.
    upload_id TEXT,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    bytes_done BIGINT NOT NULL,
    -- Both JSON.
    totals TEXT NOT NULL,
    bad TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (client_id, id)
);
