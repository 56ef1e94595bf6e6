//! Runs a command beside a PostgreSQL of its own, which all tests below the command then share:
//! `cargo run -q -p rollcall-testbed -- cargo nextest run`. Without it every test process that
//! wants a database starts a server, which takes longer than most tests.

use std::{
    env,
    io::{self, Write},
    process::{Command, ExitCode},
};

use rollcall_testbed::postgres::{Options, SHARED_BY, Server};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(sentence) => {
            // Nobody is left to tell when this fails too.
            let _ = writeln!(io::stderr(), "rollcall-testbed: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let mut words = env::args_os().skip(1);
    let program = words.next().ok_or("a command to run is missing")?;
    let server = Server::try_launch(&Options::default())?;
    let status = Command::new(&program)
        .args(words)
        .env(SHARED_BY, server.url("postgres"))
        .status()
        .map_err(|error| format!("`{}` cannot be started: {error}", program.to_string_lossy()))?;
    // No code: a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
