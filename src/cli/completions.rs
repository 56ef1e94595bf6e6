//! `rollcall completions`: what a shell needs to complete our command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::arguments::Arguments as WholeLine;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints them.
pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    // Not straight to standard output: the generator panics when nobody reads.
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut WholeLine::command(),
        "rollcall",
        &mut script,
    );
    output.line(String::from_utf8_lossy(&script).trim_end())
}
