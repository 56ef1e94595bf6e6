-- The changes of one record are a chain: each names the one before it, and the record the latest. An index
-- by record would be a page of the file more for each change, at a place of its own.

-- The number of the same record's change before this one; NULL for the first.
ALTER TABLE changes ADD COLUMN previous BIGINT;
UPDATE changes SET previous = chain.previous FROM (
    SELECT client_id, number,
           LAG(number) OVER (PARTITION BY client_id, entity, entity_id ORDER BY number) AS previous
    FROM changes
) AS chain WHERE changes.client_id = chain.client_id AND changes.number = chain.number
           AND chain.previous IS NOT NULL;

-- A user's latest change is named at the end of the provenance: the revision moves with the departments too.
UPDATE users SET provenance = provenance || '@' || chain.latest FROM (
    SELECT client_id, entity_id, MAX(number) AS latest FROM changes WHERE entity = 'user'
    GROUP BY client_id, entity_id
) AS chain WHERE users.client_id = chain.client_id AND users.id = chain.entity_id;
