-- Which departments somebody belongs to stands in the user's own row: a change of them writes one page
-- of the file, where a table of memberships with its indexes took five that lie far apart.

-- Ids of departments, the primary one first, a space behind each.
ALTER TABLE users ADD COLUMN departments TEXT NOT NULL DEFAULT '';
UPDATE users SET departments = (
    SELECT string_agg(department_id || ' ', '' ORDER BY position, department_id) FROM memberships
    WHERE memberships.client_id = users.client_id AND memberships.user_id = users.id
) WHERE EXISTS (
    SELECT 1 FROM memberships
    WHERE memberships.client_id = users.client_id AND memberships.user_id = users.id
);
DROP TABLE memberships;
