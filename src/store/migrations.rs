//! The schema and how it came to be: one numbered text a step, for both databases.

use crate::store::error::Error;
use crate::store::tx::Tx;

const STEPS: [&str; 15] = [
    include_str!("migrations/001_foundation.sql"),
    include_str!("migrations/002_nodes.sql"),
    include_str!("migrations/003_departments_of_users.sql"),
    include_str!("migrations/004_users_touched_by_log.sql"),
    include_str!("migrations/005_oauth.sql"),
    include_str!("migrations/006_groups.sql"),
    include_str!("migrations/007_provenance.sql"),
    include_str!("migrations/008_holds.sql"),
    include_str!("migrations/009_scim_log.sql"),
    include_str!("migrations/010_sessions.sql"),
    include_str!("migrations/011_days_seen.sql"),
    include_str!("migrations/012_timelines.sql"),
    include_str!("migrations/013_last_used.sql"),
    include_str!("migrations/014_imports.sql"),
    include_str!("migrations/015_operators.sql"),
];

/// How many steps this release would still take; refuses the schema of a newer one.
pub fn missing(tx: &mut Tx<'_>) -> Result<usize, Error> {
    Ok(STEPS.len() - assert_known(tx)?)
}

/// Brings the schema to this release's, in the transaction that it is called in.
pub fn migrate(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.script("CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT PRIMARY KEY)")?;
    let done = assert_known(tx)?;
    for (index, step) in STEPS.iter().enumerate().skip(done) {
        tx.script(step)?;
        let number = i64::try_from(index + 1).expect("there are few steps");
        tx.execute(
            "INSERT INTO schema_steps (number) VALUES ($1)",
            &[number.into()],
        )?;
    }
    Ok(())
}

/// How many steps the schema has gone. Refuses one that has gone further than this release knows.
pub(super) fn assert_known(tx: &mut Tx<'_>) -> Result<usize, Error> {
    let sql = "SELECT COALESCE(MAX(number), 0) FROM schema_steps";
    let done = tx.one(sql, &[], |row| row.number(0))?;
    let done = usize::try_from(done.unwrap_or(0)).unwrap_or(usize::MAX);
    if done > STEPS.len() {
        return Err(Error::Refused(
            "the database was written by a newer release of Rollcall".to_owned(),
        ));
    }
    Ok(done)
}
