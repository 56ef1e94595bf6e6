//! `rollcall instance`: the names under which clients' people are read through the gateway.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::arguments::{client_id, instance_name};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::id::ClientId;
use crate::model::instance::{Instance, InstanceKey, InstanceName};
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::instances;

/// What there is to do with instances.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an instance of a client's gateway
    Create {
        /// The first segment of its paths: 1 to 63 of a-z, 0-9 and -
        #[arg(value_parser = instance_name)]
        name: InstanceName,
        /// The client whose people it shows
        #[arg(long, value_name = "ID", value_parser = client_id)]
        client: ClientId,
    },
    /// List all instances
    List,
    /// Delete an instance and its keys; the client's people stay
    Delete {
        /// The instance
        #[arg(value_parser = instance_name)]
        name: InstanceName,
    },
    /// The public keys whose JSON Web Tokens an instance accepts
    #[command(subcommand)]
    Key(KeyCommand),
}

/// What there is to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Accept JSON Web Tokens that are signed with this key's private half
    Add {
        /// The instance
        #[arg(value_parser = instance_name)]
        instance: InstanceName,
        /// What the tokens' `aud` must name: the gateway's URL
        #[arg(long, value_name = "URL")]
        audience: String,
        /// The public key, PEM: P-256 or RSA
        #[arg(value_name = "FILE.pem")]
        file: PathBuf,
    },
}

/// Does it.
pub async fn run(app: &App, command: Command, output: &mut Output) -> Result<(), Failure> {
    let access = AdminAccess::of_command_line();
    match command {
        Command::Create { name, client } => {
            let instance = instances::create(app, &access, name, client).await?;
            output.say(&to_object(&instance, &[]), || {
                format!("Created instance {} of client {client}", instance.name)
            })
        }
        Command::List => list(app, &access, output).await,
        Command::Delete { name } => {
            instances::delete(app, &access, name.clone()).await?;
            let object = json!({ "id": name.as_str(), "name": name.as_str(), "deleted": true });
            output.say(&object, || format!("Deleted instance {name}"))
        }
        Command::Key(KeyCommand::Add {
            instance,
            audience,
            file,
        }) => {
            let pem =
                std::fs::read_to_string(&file).map_err(|error| Failure::of_file(&file, &error))?;
            let key = instances::add_key(app, &access, instance, &audience, &pem).await?;
            let mut object = key_to_object(&key);
            object["instance"] = key.instance.as_str().into();
            output.say(&object, || {
                let (id, algorithm) = (key.id, key.algorithm.name());
                format!("Added {algorithm} key {id} to instance {}", key.instance)
            })
        }
    }
}

async fn list(app: &App, access: &AdminAccess, output: &mut Output) -> Result<(), Failure> {
    let instances = instances::list(app, access).await?;
    if output.is_json() {
        return instances
            .iter()
            .try_for_each(|(instance, keys)| output.line(&to_object(instance, keys).to_string()));
    }
    if instances.is_empty() {
        return output.line("There are no instances: `rollcall instance create` makes one.");
    }
    let rows: Vec<_> = instances
        .iter()
        .map(|(instance, keys)| {
            [
                instance.name.to_string(),
                instance.client.to_string(),
                keys.len().to_string(),
                instance.created_at.to_string(),
            ]
        })
        .collect();
    output.table(["NAME", "CLIENT", "KEYS", "CREATED"], &rows)
}

/// An instance's name is its id.
fn to_object(instance: &Instance, keys: &[InstanceKey]) -> Value {
    let keys: Vec<Value> = keys.iter().map(key_to_object).collect();
    json!({
        "id": instance.name.as_str(),
        "name": instance.name.as_str(),
        "client_id": instance.client,
        "keys": keys,
        "created_at": instance.created_at,
    })
}

fn key_to_object(key: &InstanceKey) -> Value {
    json!({
        "id": key.id,
        "audience": key.audience,
        "algorithm": key.algorithm.name(),
        "created_at": key.created_at,
    })
}
