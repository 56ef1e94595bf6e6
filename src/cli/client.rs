//! `rollcall client`: client organisations.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::arguments::{client_id, instance_name, name};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::client::{Client, NewClient};
use crate::model::id::ClientId;
use crate::model::instance::InstanceName;
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::{clients, instances};

/// Clients read from the database at a time.
const PAGE_SIZE: usize = 500;

/// What there is to do with clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a client, and instances of its gateway: all of it, or nothing when a name is taken
    Create {
        /// What people call it
        #[arg(long, value_parser = name)]
        name: Box<str>,
        /// An id of your choice; else one is made
        #[arg(long, value_name = "UUID", value_parser = client_id)]
        id: Option<ClientId>,
        /// An instance's name, the first segment of its gateway's paths; repeatable
        #[arg(long = "instance", value_name = "SLUG", value_parser = instance_name)]
        instances: Vec<InstanceName>,
    },
    /// List all clients
    List,
}

/// Does it.
pub async fn run(app: &App, command: Command, output: &mut Output) -> Result<(), Failure> {
    let access = AdminAccess::of_command_line();
    match command {
        Command::Create {
            name,
            id,
            instances,
        } => {
            let new = NewClient {
                id,
                name,
                partner: None,
                enrollment_token: None,
            };
            let names: Vec<String> = instances.iter().map(ToString::to_string).collect();
            let client = clients::create_with_instances(app, &access, new, instances).await?;
            output.say(&to_object(&client, &names), || {
                let mut text = format!("Created client {} ({})", client.name, client.id);
                if !names.is_empty() {
                    text += &format!("\nInstances: {}", names.join(", "));
                }
                text
            })
        }
        Command::List => list(app, &access, output).await,
    }
}

async fn list(app: &App, access: &AdminAccess, output: &mut Output) -> Result<(), Failure> {
    let all = instances::list(app, access).await?;
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = clients::list(app, access, after, PAGE_SIZE).await?;
        for client in &page.items {
            let own = all.iter().filter(|(own, _)| own.client == client.id);
            let names: Vec<String> = own.map(|(own, _)| own.name.to_string()).collect();
            if output.is_json() {
                output.line(&to_object(client, &names).to_string())?;
                continue;
            }
            rows.push([
                client.id.to_string(),
                client.name.to_string(),
                names.join(", "),
                client.created_at.to_string(),
            ]);
        }
        let last = page.items.last().map(|client| client.id);
        after = page.next.and(last);
        if after.is_none() {
            break;
        }
    }
    if output.is_json() {
        return Ok(());
    }
    if rows.is_empty() {
        return output.line("There are no clients: `rollcall client create` makes one.");
    }
    output.table(["ID", "NAME", "INSTANCES", "CREATED"], &rows)
}

fn to_object(client: &Client, instances: &[String]) -> Value {
    json!({
        "id": client.id,
        "name": client.name,
        "instances": instances,
        "created_at": client.created_at,
    })
}
