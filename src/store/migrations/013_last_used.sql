-- When tokens were last used, to within a minute or two; NULL when nobody has seen them used.

ALTER TABLE tokens ADD COLUMN last_used_at BIGINT;
ALTER TABLE oauth_clients ADD COLUMN last_used_at BIGINT;
