//! `rollcall export`: a client's departments and people on standard output, an object a line, as
//! `rollcall import` reads them.

use std::io::{self, Write};

use clap::Args;

use crate::cli::arguments::client_id;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Output};
use crate::model::change::Source;
use crate::model::id::ClientId;
use crate::operations::caller::Access;

/// What `export` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The client whose people are asked for
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,
}

/// Standard output, as the export's writer; `--json` changes nothing, it is JSON in any case.
pub struct Lines<'a>(&'a mut dyn Write);

impl Lines<'_> {
    /// Writes one line.
    pub fn line(&mut self, json: &str) -> Result<(), Failure> {
        let written: io::Result<()> = writeln!(self.0, "{json}");
        written.map_err(|error| output::failed(&error))
    }
}

/// Lets `export` write its lines to standard output.
pub async fn run(
    arguments: &Arguments,
    output: &mut Output,
    export: impl AsyncFnOnce(Access, &mut Lines<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let access = Access::of_command_line(arguments.client, Source::CommandLine);
    export(access, &mut Lines(output.writer())).await
}
