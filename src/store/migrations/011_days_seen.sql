-- On which days each channel saw somebody: the latest day's number since 1970, a point, and a bit a
-- day from there backwards, in hexadecimal digits.

ALTER TABLE activity ADD COLUMN desktop_days TEXT NOT NULL DEFAULT '';
ALTER TABLE activity ADD COLUMN web_days TEXT NOT NULL DEFAULT '';

-- Of those who were seen before this was kept, the latest days are known.
UPDATE activity SET desktop_days = CAST(desktop_at / 86400000 AS TEXT) || '.8'
WHERE desktop_at >= 0;
UPDATE activity SET web_days = CAST(web_at / 86400000 AS TEXT) || '.8'
WHERE web_at >= 0;
