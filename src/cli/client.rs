//! `rollcall client`: client organisations.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::arguments::{client_id, instance_name, name};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::change::Source;
use crate::model::client::{Client, ClientChange, NewClient};
use crate::model::id::ClientId;
use crate::model::instance::InstanceName;
use crate::model::provisioning::{Breaker, KeySource, ProvisioningChange};
use crate::operations::app::App;
use crate::operations::caller::{Access, AdminAccess};
use crate::operations::precondition::Precondition;
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
    /// Show and change how a client is provisioned over SCIM
    Provisioning(Provisioning),
}

/// How a client is provisioned.
#[derive(Debug, Args)]
pub struct Provisioning {
    /// The client's id
    #[arg(value_parser = client_id)]
    id: ClientId,
    /// Whether what is asked for is held when too many would leave at once
    #[arg(long, value_name = "on|off", value_parser = on_or_off)]
    breaker: Option<bool>,
    /// How many percent of the people one source may deactivate or delete in an hour
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    breaker_share: Option<u8>,
    /// Fewer people than this are never too many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    breaker_users: Option<u32>,
    /// What user keys are made of
    #[arg(long, value_name = "ATTRIBUTE", value_parser = key_source())]
    user_key: Option<KeySource>,
    /// Whether departments that the Clients API sets are pinned when it says nothing of pins
    #[arg(long, value_name = "on|off", value_parser = on_or_off)]
    pin_departments: Option<bool>,
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
        Command::Provisioning(change) => provisioning(app, &change, output).await,
    }
}

async fn provisioning(
    app: &App,
    wanted: &Provisioning,
    output: &mut Output,
) -> Result<(), Failure> {
    let access = Access::of_command_line(wanted.id, Source::CommandLine);
    let change = ClientChange {
        provisioning: ProvisioningChange {
            breaker_is_on: wanted.breaker,
            breaker_share_percent: wanted.breaker_share,
            breaker_users_min: wanted.breaker_users,
            user_key: wanted.user_key,
            pins_departments: wanted.pin_departments,
        },
        ..ClientChange::default()
    };
    let client = clients::update(app, &access, change, Precondition::default()).await?;
    let settings = client.provisioning;
    let Breaker {
        is_on,
        share_percent,
        users_min,
    } = settings.breaker;
    let object = json!({
        "id": client.id,
        "breaker": is_on,
        "breaker_share": share_percent,
        "breaker_users": users_min,
        "user_key": settings.user_key.name(),
        "pin_departments": settings.pins_departments,
    });
    output.say(&object, || {
        let key = settings.user_key.name();
        let breaker = if is_on {
            format!("from {users_min} people and {share_percent} % in an hour on, the rest is held")
        } else {
            "off".to_owned()
        };
        let pins = match settings.pins_departments {
            true => "pinned unless the request says otherwise",
            false => "pinned if the request says so",
        };
        format!("Circuit breaker: {breaker}\nUser keys: {key}\nDepartments set by hand: {pins}")
    })
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is on or off".to_owned()),
    }
}

/// Reads the source of user keys, and knows them all for the help and the completions.
fn key_source() -> impl TypedValueParser<Value = KeySource> {
    PossibleValuesParser::new(KeySource::ALL.map(KeySource::name))
        .map(|name| KeySource::parse(&name).expect("only the names of sources are possible"))
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
