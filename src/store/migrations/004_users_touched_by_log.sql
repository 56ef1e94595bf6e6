-- Which users a change touched is told by the log; only a department's change, which touches its
-- members, is looked for in their rows. So no change of a user moves an index entry.

DROP INDEX users_by_revision;
