-- What one node at a time may do, and which nodes there are. Nobody's clock stands in it: whoever is
-- not the holder watches `beat` and measures by a clock of its own how long it has stood still.

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    -- Empty when it was given back.
    holder TEXT NOT NULL,
    -- Moves with every new holder, and never back: what was begun under an older one does not count.
    fence BIGINT NOT NULL,
    -- Moves for as long as the holder lives.
    beat BIGINT NOT NULL
);
