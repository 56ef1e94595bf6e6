//! `rollcall scim-log`: what identity providers really sent, how it was read, what it changed, and what
//! was answered; and what it would come to now.

mod shown;

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::arguments::client_id;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::http::scim::replay;
use crate::model::change::Source;
use crate::model::id::ClientId;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::scim_log;

/// What `scim-log` takes: with no command behind it, it lists.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The client whose identity provider it is
    #[arg(long, value_name = "ID", required = true, value_parser = client_id)]
    client: Option<ClientId>,
    /// How many requests, the newest of those that are kept
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = count)]
    count: usize,
}

/// What there is to do with one request.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all that is kept of a request
    Show(Chosen),
    /// Say what a request would do to the directory as it is now
    Replay(Replay),
}

/// Which request.
#[derive(Debug, Args)]
pub struct Chosen {
    /// The request's number
    #[arg(value_name = "N")]
    number: i64,
    /// The client whose identity provider it is
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,
}

/// What is done once more.
#[derive(Debug, Args)]
pub struct Replay {
    #[command(flatten)]
    chosen: Chosen,
    /// Change nothing; there is no other way
    #[arg(long)]
    dry_run: bool,
}

fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok();
    let count = count.filter(|count| (1..=scim_log::KEPT).contains(count));
    count.ok_or_else(|| format!("it is a whole number from 1 to {}", scim_log::KEPT))
}

/// Does it.
pub async fn run(app: App, arguments: Arguments, output: &mut Output) -> Result<(), Failure> {
    match (arguments.command, arguments.client) {
        (Some(Command::Show(chosen)), _) => show(&app, &chosen, output).await,
        (Some(Command::Replay(replay)), _) => rehearse(app, &replay, output).await,
        (None, Some(client)) => list(&app, client, arguments.count, output).await,
        (None, None) => unreachable!("it is required where there is no command"),
    }
}

fn access(client: ClientId) -> Access {
    Access::of_command_line(client, Source::CommandLine)
}

async fn list(
    app: &App,
    client: ClientId,
    count: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    let found = scim_log::list(app, &access(client), count).await?;
    if output.is_json() {
        return found.iter().try_for_each(|(number, summary)| {
            output.line(&shown::summary(*number, summary).to_string())
        });
    }
    if found.is_empty() {
        return output.line("There are no requests of an identity provider's for this client.");
    }
    let rows: Vec<_> = found
        .iter()
        .map(|(number, summary)| shown::row(client, *number, summary))
        .collect();
    let header = [
        "NUMBER", "TIME", "METHOD", "PATH", "STATUS", "QUIRKS", "CHANGES",
    ];
    output.table(header, &rows)
}

async fn show(app: &App, chosen: &Chosen, output: &mut Output) -> Result<(), Failure> {
    let found = scim_log::find(app, &access(chosen.client), chosen.number).await?;
    let object = shown::whole(chosen.number, &found);
    output.say(&object, || shown::whole_text(chosen.number, &found))
}

async fn rehearse(app: App, replay: &Replay, output: &mut Output) -> Result<(), Failure> {
    if !replay.dry_run {
        return Err(Failure::because(
            "a request is only rehearsed, never done once more: say --dry-run",
        ));
    }
    let Chosen { number, client } = replay.chosen;
    let found = scim_log::find(&app, &access(client), number).await?;
    let removed = found.request.facts.sent.removed;
    let before = found.request.summary.status;
    let replayed = self::replay(Arc::new(app), access(client), found.request).await?;
    let answer: Value = serde_json::from_slice(&replayed.answer).unwrap_or_default();
    let notes = &replayed.notes;
    let object = json!({
        "number": number,
        "dry_run": true,
        "status": replayed.status,
        "status_before": before,
        "quirks": shown::quirks(&notes.quirks),
        "secrets_removed": removed,
        "changes_count": notes.rehearsed_count,
        "changes": shown::rehearsed(&notes.rehearsed),
        "answer": answer,
    });
    output.say(&object, || {
        shown::replayed_text(number, before, removed, &replayed, &answer)
    })
}
