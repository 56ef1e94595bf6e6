-- What identity providers call departments; NULL once deleted.

ALTER TABLE departments ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX departments_by_external_id ON departments (client_id, external_id);
