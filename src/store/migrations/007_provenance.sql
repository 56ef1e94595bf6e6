-- By which change each field of a user was last set, and which fields are pinned; empty when nothing of it
-- is known.

ALTER TABLE users ADD COLUMN provenance TEXT NOT NULL DEFAULT '';
