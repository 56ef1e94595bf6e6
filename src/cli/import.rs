//! `rollcall import`: a client's people from a file, with a bar that shows how far it has come.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::arguments::client_id;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::change::Source;
use crate::model::id::ClientId;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::import::{self, BadRow, Format, Progress, Totals};

/// What `import` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The client whose people they are
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,
    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The file; its ending says what it is
    #[arg(value_name = "FILE.csv|.jsonl")]
    file: PathBuf,
}

/// The format of a file of that name.
fn format_of(path: &Path) -> Result<Format, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.and_then(Format::parse).ok_or_else(|| {
        let path = path.display();
        Failure::because(format!("{path}: a file to import ends in .csv or .jsonl"))
    })
}

/// Shows how far the import has come, and what was refused, while it goes on.
struct Report<'a> {
    path: &'a Path,
    bar: ProgressBar,
    output: &'a mut Output,
    /// What went wrong while saying it: the import itself goes on.
    failure: Option<Failure>,
}

impl Report<'_> {
    fn take(&mut self, progress: &Progress) {
        self.bar.set_position(progress.bytes);
        for bad in &progress.bad {
            self.refuse(bad);
        }
    }

    /// A row was refused: with `--json` an object among the others, else a sentence on standard
    /// error.
    fn refuse(&mut self, bad: &BadRow) {
        let BadRow {
            line,
            column,
            reason,
        } = bad;
        if self.output.is_json() {
            let object = json!({ "line": line, "column": column, "reason": reason });
            let said = self.output.line(&object.to_string());
            self.failure = self.failure.take().or(said.err());
            return;
        }
        let column = column.as_deref().map(|column| format!("{column}: "));
        let column = column.unwrap_or_default();
        let path = self.path.display();
        self.bar.suspend(|| {
            // When this cannot be written, the count at the end has to do.
            drop(writeln!(
                io::stderr(),
                "{path} line {line}: {column}{reason}"
            ));
        });
    }
}

/// Imports the file and says what came of it. Fails when a row was refused: a script must notice.
pub async fn run(app: &App, arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let path = &arguments.file;
    let format = format_of(path)?;
    let open = || {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok((file, bytes))
    };
    let (file, bytes) = open().map_err(|error| Failure::of_file(path, &error))?;
    let access = Access::of_command_line(arguments.client, Source::Import);
    // The bar draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(bytes).with_style(style());
    let mut report = Report {
        path,
        bar,
        output,
        failure: None,
    };
    let result = if arguments.dry_run {
        let take = |progress| report.take(&progress);
        import::import(app, &access, file, format, true, take).await
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = import::jobs::File {
            name: name.into(),
            format,
            bytes,
            content: file,
        };
        import::jobs::run(app, &access, file, |progress| report.take(progress)).await
    };
    report.bar.finish_and_clear();
    let failure = report.failure.take();
    let totals = result?;
    failure.map_or(Ok(()), Err)?;
    say(arguments, &totals, output)?;
    match totals.bad {
        0 => Ok(()),
        1 => Err(Failure::because("1 row was refused")),
        bad => Err(Failure::because(format!("{bad} rows were refused"))),
    }
}

fn say(arguments: &Arguments, totals: &Totals, output: &mut Output) -> Result<(), Failure> {
    let object = json!({
        "client_id": arguments.client,
        "dry_run": arguments.dry_run,
        "created": totals.created,
        "changed": totals.changed,
        "unchanged": totals.unchanged,
        "departments_created": totals.departments_created,
        "departments_changed": totals.departments_changed,
        "bad": totals.bad,
    });
    output.say(&object, || {
        let verb = match arguments.dry_run {
            true => "Would import",
            false => "Imported",
        };
        format!(
            "{verb} people: {} new, {} changed, {} unchanged; departments: {} new, {} changed; \
             bad rows: {}",
            totals.created,
            totals.changed,
            totals.unchanged,
            totals.departments_created,
            totals.departments_changed,
            totals.bad
        )
    })
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {percent:>3} % {bytes_per_sec}, {eta} left")
        .expect("the template names only what indicatif knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format() {
        assert_eq!(format_of(Path::new("a/people.csv")), Ok(Format::Csv));
        assert_eq!(format_of(Path::new("PEOPLE.JSONL")), Ok(Format::Jsonl));
        for path in ["people", "people.json", "people.csv.gz", ".csv"] {
            assert!(format_of(Path::new(path)).is_err(), "{path}");
        }
    }
}
