//! The limit of whoever commits each row: SQLite alone, without a server.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

use crate::{
    process,
    random::Random,
    wrk::{self, Outcome},
};

/// Rows in the table.
const ROWS: usize = 100_000;

/// Runs it in a process of its own, on the core of the servers. `file` is the database, which is
/// made when it is not there.
///
/// # Errors
/// When it fails.
pub fn run(file: &Path, duration: Duration) -> Result<Outcome, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = process::command(process::SERVER, program);
    command
        .arg("commits")
        .arg(file)
        .arg(duration.as_millis().to_string());
    wrk::outcome(&process::printed(command)?)
}

/// The process's own work: one row of a table of people a commit, each durable, for so long.
///
/// # Errors
/// When SQLite fails.
pub fn commit(file: &Path, duration: Duration) -> Result<(), String> {
    let count = commit_for(file, duration).map_err(|error| format!("SQLite: {error}"))?;
    let (count, taken) = count;
    let each = taken.as_micros() / count as u128;
    println!(
        "RESULT {{\"requests\":{count},\"duration_us\":{},\"failed\":0,\"refused\":0,\
         \"p50_us\":{each},\"p99_us\":{each}}}",
        taken.as_micros()
    );
    Ok(())
}

fn commit_for(file: &Path, duration: Duration) -> rusqlite::Result<(usize, Duration)> {
    let is_new = !file.exists();
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if is_new {
        fill(&mut connection)?;
    }
    let mut random = Random::new(u64::from(std::process::id()));
    let mut update = connection.prepare(
        "UPDATE users SET departments = $1, revision = revision + 1 WHERE client = $2 AND id = $3",
    )?;
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < duration {
        let row = random.below(ROWS);
        update.execute(params![format!("department {count}"), "client", id(row)])?;
        count += 1;
    }
    Ok((count, start.elapsed()))
}

fn fill(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE users (client TEXT NOT NULL, id TEXT NOT NULL, username TEXT NOT NULL, \
         departments TEXT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (client, id))",
    )?;
    let transaction = connection.transaction()?;
    {
        let mut insert =
            transaction.prepare("INSERT INTO users VALUES ($1, $2, $3, 'department', 1)")?;
        for row in 0..ROWS {
            insert.execute(params!["client", id(row), format!("user.number{row}")])?;
        }
    }
    transaction.commit()
}

/// In the shape of an id, in no order.
fn id(row: usize) -> String {
    let scattered = Random::new(row as u64).next();
    format!("{scattered:016x}-0000-7000-8000-{row:012}")
}
