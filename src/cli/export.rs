//! `rollcall export`: a client's departments and people on standard output, an object a line, as
//! `rollcall import` reads them.

use std::io::Write;

use clap::Args;

use crate::cli::arguments::client_id;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, failed};
use crate::model::change::Source;
use crate::model::id::ClientId;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::export;

/// What `export` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The client whose people are asked for
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,
}

/// Writes the lines to standard output; `--json` changes nothing, they are JSON in any case.
pub async fn run(app: &App, arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let access = Access::of_command_line(arguments.client, Source::CommandLine);
    let mut failure = None;
    let exported = export::export(app, &access, |line| {
        writeln!(output.writer(), "{line}").inspect_err(|error| failure = Some(failed(error)))
    });
    let exported = exported.await;
    // Why the writing ended says more than that it did.
    failure.map_or(Ok(()), Err)?;
    Ok(exported?)
}
