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
use crate::operations::caller::Access;

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

/// What a file holds, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.csv`: a line of column names, then a line a person.
    Csv,
    /// `.jsonl`: an object a line.
    JsonLines,
}

impl Format {
    /// The format of a file of that name.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl") => Ok(Self::JsonLines),
            _ => Err(Failure::because(format!(
                "{}: a file to import ends in .csv or .jsonl",
                path.display()
            ))),
        }
    }
}

/// What there is to import, for whom, and whether in earnest.
pub struct Job {
    /// Whose people they are.
    pub access: Access,
    /// The file.
    pub file: File,
    /// What the file holds.
    pub format: Format,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// People that are new.
    pub created: u64,
    /// People that were changed.
    pub changed: u64,
    /// People that were as the file says already.
    pub unchanged: u64,
    /// Departments that are new.
    pub departments_created: u64,
    /// Departments that were changed.
    pub departments_changed: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The line that it begins on.
    pub line: u64,
    /// The column's name or the field's path, if it is about one.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
}

/// Shows how far the import has come, and what was refused, while it goes on.
pub struct Report<'a> {
    path: &'a Path,
    bar: ProgressBar,
    output: &'a mut Output,
    /// What went wrong while saying it: the import itself goes on.
    failure: Option<Failure>,
}

impl Report<'_> {
    /// So many bytes of the file have been dealt with.
    pub fn advance_to(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// A row was refused: with `--json` an object among the others, else a sentence on standard
    /// error.
    pub fn refuse(&mut self, refused: &Refused) {
        let Refused {
            line,
            column,
            reason,
        } = refused;
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

/// Opens the file, lets `import` do the work and says what came of it. Fails when a row was
/// refused: a script must notice.
pub async fn run(
    arguments: &Arguments,
    output: &mut Output,
    import: impl AsyncFnOnce(Job, &mut Report<'_>) -> Result<Counts, Failure>,
) -> Result<(), Failure> {
    let path = &arguments.file;
    let format = Format::of(path)?;
    let open = || {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok((file, bytes))
    };
    let (file, bytes) = open().map_err(|error| Failure::of_file(path, &error))?;
    let job = Job {
        access: Access::of_command_line(arguments.client, Source::Import),
        file,
        format,
        dry_run: arguments.dry_run,
    };
    let mut report = Report {
        path,
        // It draws on standard error, and only when that is a terminal.
        bar: ProgressBar::new(bytes).with_style(style()),
        output,
        failure: None,
    };
    let result = import(job, &mut report).await;
    report.bar.finish_and_clear();
    let failure = report.failure.take();
    let counts = result?;
    failure.map_or(Ok(()), Err)?;
    say(arguments, &counts, output)?;
    match counts.refused {
        0 => Ok(()),
        1 => Err(Failure::because("1 row was refused")),
        refused => Err(Failure::because(format!("{refused} rows were refused"))),
    }
}

fn say(arguments: &Arguments, counts: &Counts, output: &mut Output) -> Result<(), Failure> {
    let object = json!({
        "client_id": arguments.client,
        "dry_run": arguments.dry_run,
        "created": counts.created,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "departments_created": counts.departments_created,
        "departments_changed": counts.departments_changed,
        "refused": counts.refused,
    });
    output.say(&object, || {
        let verb = match arguments.dry_run {
            true => "Would import",
            false => "Imported",
        };
        format!(
            "{verb} people: {} new, {} changed, {} unchanged; departments: {} new, {} changed; \
             rows refused: {}",
            counts.created,
            counts.changed,
            counts.unchanged,
            counts.departments_created,
            counts.departments_changed,
            counts.refused
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
        assert_eq!(Format::of(Path::new("a/people.csv")), Ok(Format::Csv));
        assert_eq!(Format::of(Path::new("PEOPLE.JSONL")), Ok(Format::JsonLines));
        for path in ["people", "people.json", "people.csv.gz", ".csv"] {
            assert!(Format::of(Path::new(path)).is_err(), "{path}");
        }
    }
}
