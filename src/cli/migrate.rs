//! `rollcall migrate`: everything from one database to another, with a bar that shows how far it
//! has come.

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::waited_for;
use crate::operations::migrate::{self, Migrated, Progress};
use crate::store::Location;

/// What `migrate` takes. The URLs are read later: what clap refuses it prints, passwords too.
#[derive(Args)]
pub struct Arguments {
    /// The database to copy
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database to fill: an empty one, or none yet
    #[arg(long, value_name = "URL")]
    to: String,
    /// Copy a database in use as it is at one moment; what is written to it later is not copied
    #[arg(long)]
    online: bool,
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("migrate::Arguments { … }")
    }
}

/// Copies, and says what came of it.
pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let from = Location::parse(&arguments.from)?;
    let to = Location::parse(&arguments.to)?;
    let online = arguments.online;
    // The bar draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(0).with_style(style());
    // What went wrong while saying so: the copy itself goes on.
    let mut failure = None;
    let result = waited_for(async {
        let migrated = migrate::migrate(&from, &to, online, |progress| match progress {
            Progress::Begun(rows) => {
                bar.set_length(rows);
                bar.set_message("copying");
                failure = begin(&from, &to, rows, online, output).err();
            }
            Progress::Copied(rows) => bar.set_position(rows),
            Progress::Checked(rows) => {
                bar.set_message("checking");
                bar.set_position(rows);
            }
        });
        Ok(migrated.await?)
    });
    bar.finish_and_clear();
    let migrated = result?;
    failure.map_or(Ok(()), Err)?;
    say(&from, &to, online, &migrated, output)
}

/// Says what is being done, before the while that it takes.
fn begin(
    from: &Location,
    to: &Location,
    rows: u64,
    online: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.is_json() {
        return Ok(());
    }
    output.line(&format!("Copying {rows} rows from {from} to {to}"))?;
    if online {
        output.line(&format!(
            "What is written to {from} from now on is not copied"
        ))?;
    }
    output.flush()
}

fn say(
    from: &Location,
    to: &Location,
    online: bool,
    migrated: &Migrated,
    output: &mut Output,
) -> Result<(), Failure> {
    let Migrated {
        was_there,
        tables,
        digest,
    } = migrated;
    let rows: i64 = tables.iter().map(|(_, rows)| rows).sum();
    if output.is_json() {
        let counts = tables
            .iter()
            .map(|(name, rows)| ((*name).to_owned(), Value::from(*rows)));
        let object = json!({
            "from": from.to_string(),
            "to": to.to_string(),
            "online": online,
            "already_there": was_there,
            "rows": rows,
            "digest": digest,
            "tables": counts.collect::<Map<_, _>>(),
        });
        return output.line(&object.to_string());
    }
    let cells: Vec<[String; 2]> = tables
        .iter()
        .map(|(name, rows)| [(*name).to_owned(), rows.to_string()])
        .collect();
    output.table(["TABLE", "ROWS"], &cells)?;
    output.line(&match was_there {
        true => format!("Everything is already there: {rows} rows in {to} as in {from}"),
        false => format!("Copied and compared: {rows} rows from {from} to {to}"),
    })?;
    output.line(&format!("SHA-256 of all rows: {digest}"))
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:8} {bar:40} {percent:>3} % {per_sec}, {eta} left")
        .expect("the template names only what indicatif knows")
}
