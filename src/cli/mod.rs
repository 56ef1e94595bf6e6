//! The command line: reading what is asked, calling the operations, saying what came of it.
//!
//! The operations hold the rules and `http` answers requests; nothing here does either.

pub mod arguments;
pub mod backup;
pub mod check_config;
pub mod client;
pub mod completions;
pub mod config;
pub mod demo;
pub mod duration;
pub mod export;
pub mod failure;
pub mod hold;
pub mod import;
pub mod instance;
pub mod migrate;
pub mod oauth_client;
pub mod output;
pub mod scim_log;
pub mod serve;
pub mod settings;
pub mod signals;
pub mod system;
pub mod token;

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::cli::arguments::{Arguments, Command, Global};
use crate::cli::config::{Given, Loaded};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::{Key, Settings};
use crate::cli::system::{OsEntropy, SystemClock};
use crate::operations::app::App;
use crate::store::Store;

/// Does what the command line asks. Exit code 1 and a sentence on standard error when it cannot; 2
/// when the command line cannot be understood.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::new(arguments.global.json);
    let result = run(arguments, &mut output);
    // What was said before a failure is still said.
    match (result, output.flush()) {
        (Err(Failure::Because(reasons)), _) | (Ok(()), Err(Failure::Because(reasons))) => {
            for reason in reasons {
                // When not even this can be written, the exit code has to do.
                drop(writeln!(std::io::stderr(), "error: {reason}"));
            }
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn run(arguments: Arguments, output: &mut Output) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    let settings = |global| load(global, Vec::new()).checked();
    match command {
        Command::Serve(arguments) => {
            let loaded = load(global, arguments.flags());
            serve::run(&arguments, loaded, output)
        }
        Command::Client(command) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| {
                client::run(app, command, output).await
            })
        }
        Command::Token(command) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| {
                token::run(app, command, output).await
            })
        }
        Command::OauthClient(command) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| {
                oauth_client::run(app, command, output).await
            })
        }
        Command::Instance(command) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| {
                instance::run(app, command, output).await
            })
        }
        Command::Hold(command) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| hold::run(app, command, output).await)
        }
        Command::Import(arguments) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| {
                import::run(app, &arguments, output).await
            })
        }
        Command::Export(arguments) => {
            let settings = settings(global)?;
            with_app(&settings, async |app| {
                export::run(app, &arguments, output).await
            })
        }
        Command::ScimLog(arguments) => {
            let settings = settings(global)?;
            waited_for(async { scim_log::run(open(&settings).await?, arguments, output).await })
        }
        Command::Backup(arguments) => backup::backup(&settings(global)?, &arguments, output),
        Command::Restore(arguments) => backup::restore(&settings(global)?, &arguments, output),
        Command::Migrate(arguments) => migrate::run(&arguments, output),
        Command::CheckConfig => check_config::run(load(global, Vec::new()), output),
        Command::Completions(arguments) => completions::run(&arguments, output),
    }
}

fn load(global: Global, mut flags: Vec<(Key, String)>) -> Loaded {
    flags.extend(global.database.map(|url| (Key::Database, url)));
    config::load(Given {
        config: global.config,
        flags,
        environment: std::env::vars_os().collect(),
    })
}

/// Opens the database of the settings and lends an app over it to `work`.
pub fn with_app<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
) -> Result<T, Failure> {
    waited_for(async {
        let app = open(settings).await?;
        work(&app).await
    })
}

/// Does `work` on this thread.
fn waited_for<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    block_on(runtime, work)
}

/// Opens the database of the settings, making it when there is none.
pub async fn open(settings: &Settings) -> Result<App, Failure> {
    let store = Store::open(&settings.location()).await?;
    let clock = Arc::new(SystemClock::new());
    let budget_bytes = settings.image_budget_bytes();
    Ok(App::new(store, budget_bytes, clock, Arc::new(OsEntropy)).await?)
}

fn block_on<T>(
    runtime: std::io::Result<tokio::runtime::Runtime>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    runtime
        .map_err(|error| Failure::because(format!("the system gives us no threads: {error}")))?
        .block_on(work)
}
