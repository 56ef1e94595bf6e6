//! `rollcall hold`: what identity providers asked for and is held, because too many would leave at once.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::arguments::{client_id, user_id};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::change::Source;
use crate::model::id::{ClientId, UserId};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::provisioning::holds::{self, Hold, Whom, Word};

/// Holds read from the database at a time.
const PAGE_SIZE: usize = 500;

/// What there is to do with holds.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what is held of a client's people
    List {
        /// The client
        #[arg(long, value_name = "ID", value_parser = client_id)]
        client: ClientId,
    },
    /// Do what is held: deactivate or delete these people, or all
    Approve(Decision),
    /// Forget what is held: these people stay, or all
    Reject(Decision),
}

/// Whom a word is about.
#[derive(Debug, Args)]
pub struct Decision {
    /// The client
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,
    /// The people, by their ids
    #[arg(value_name = "USER", value_parser = user_id, required_unless_present = "all")]
    users: Vec<UserId>,
    /// Everybody of whom something is held
    #[arg(long, conflicts_with = "users")]
    all: bool,
}

/// Does it.
pub async fn run(app: &App, command: Command, output: &mut Output) -> Result<(), Failure> {
    let (decision, word, done) = match command {
        Command::List { client } => return list(app, client, output).await,
        Command::Approve(decision) => (decision, Word::Approve, "Approved"),
        Command::Reject(decision) => (decision, Word::Reject, "Rejected"),
    };
    let access = Access::of_command_line(decision.client, Source::CommandLine);
    let whom = match decision.all {
        true => Whom::All,
        false => Whom::Named(decision.users),
    };
    let count = holds::decide(app, &access, word, whom).await?;
    output.say(&json!({ "count": count }), || {
        format!("{done} what was held of {count} people.")
    })
}

async fn list(app: &App, client: ClientId, output: &mut Output) -> Result<(), Failure> {
    let access = Access::of_command_line(client, Source::CommandLine);
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = holds::page(app, &access, after, PAGE_SIZE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        for hold in &page {
            if output.is_json() {
                output.line(&to_object(hold).to_string())?;
                continue;
            }
            rows.push([
                hold.user.to_string(),
                hold.username.to_string(),
                hold.held.intent.name().to_owned(),
                hold.held.at.to_string(),
                hold.held.by.to_string(),
            ]);
        }
    }
    if output.is_json() {
        return Ok(());
    }
    if rows.is_empty() {
        return output.line("Nothing is held.");
    }
    output.table(["USER", "USERNAME", "INTENT", "SINCE", "SOURCE"], &rows)
}

fn to_object(hold: &Hold) -> Value {
    json!({
        "user_id": hold.user,
        "username": hold.username,
        "intent": hold.held.intent.name(),
        "at": hold.held.at,
        "source": hold.held.by,
    })
}
