//! `rollcall oauth-client`: machines that exchange a secret for tokens of one hour.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::cli::arguments::{
    client_id, in_one, limit, limits_to_object, name, oauth_client_id, scope,
};
use crate::cli::duration;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::id::{ClientId, OauthClientId};
use crate::model::oauth::{NewOauthClient, OauthClient, OauthSecret};
use crate::model::rate_limit::{Limit, RouteClass};
use crate::model::scope::Scope;
use crate::model::token::Secret;
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::oauth;

/// What there is to do with OAuth clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an OAuth client; its secret is shown this once
    Create(Create),
    /// List all OAuth clients, revoked ones too; never their secrets
    List,
    /// Give an OAuth client another secret; the former ones end after a while
    Rotate(Rotate),
    /// Revoke an OAuth client, its secrets and the tokens that were issued to it, for good
    Revoke {
        /// The OAuth client's id
        #[arg(value_parser = oauth_client_id)]
        id: OauthClientId,
    },
}

/// What a new OAuth client is made of.
#[derive(Debug, Args)]
pub struct Create {
    /// The client organisation whose data its tokens may touch
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,
    /// What its tokens may do at most; repeatable, or divided by commas
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ',',
        value_parser = scope()
    )]
    scopes: Vec<Scope>,
    /// What you call it
    #[arg(long, value_parser = name)]
    name: Option<Box<str>>,
    /// How often all its tokens together may ask: api=600, gateway-list=60; repeatable
    #[arg(long = "limit", value_name = "CLASS=PER_MINUTE", value_parser = limit)]
    limits: Vec<(RouteClass, Limit)>,
}

/// How a secret is replaced.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The OAuth client's id
    #[arg(value_parser = oauth_client_id)]
    id: OauthClientId,
    /// How long the former secrets go on working: 30m, 24h, 7d
    #[arg(
        long = "overlap",
        value_name = "DURATION",
        default_value = "24h",
        value_parser = duration::parse
    )]
    overlap_ms: i64,
    /// The former secrets end at once, and the tokens that were issued to it too
    #[arg(long, conflicts_with = "overlap_ms")]
    at_once: bool,
}

/// Does it.
pub async fn run(app: &App, command: Command, output: &mut Output) -> Result<(), Failure> {
    let access = AdminAccess::of_command_line();
    match command {
        Command::Create(create) => {
            let new = NewOauthClient {
                limits: in_one(&create.limits)?,
                name: create.name,
                client: create.client,
                scopes: create.scopes,
            };
            let (oauth_client, secret) = oauth::create(app, &access, new).await?;
            output.say(&with_secret(&oauth_client, &secret), || {
                let (id, client) = (oauth_client.id, oauth_client.client);
                shown_once(&format!("Created OAuth client {id} for {client}."), &secret)
            })
        }
        Command::List => list(app, &access, output).await,
        Command::Rotate(Rotate {
            id,
            overlap_ms,
            at_once,
        }) => {
            let overlap_ms = if at_once { 0 } else { overlap_ms };
            let (oauth_client, secret) = oauth::rotate(app, &access, id, overlap_ms).await?;
            output.say(&with_secret(&oauth_client, &secret), || {
                shown_once(&format!("OAuth client {id} has another secret."), &secret)
            })
        }
        Command::Revoke { id } => {
            let oauth_client = oauth::revoke(app, &access, id).await?;
            output.say(&to_object(&oauth_client).into(), || {
                format!("Revoked OAuth client {id}.")
            })
        }
    }
}

async fn list(app: &App, access: &AdminAccess, output: &mut Output) -> Result<(), Failure> {
    let all = oauth::list(app, access).await?;
    if output.is_json() {
        return all.iter().try_for_each(|(oauth_client, secrets)| {
            let mut object = to_object(oauth_client);
            let secrets: Vec<Value> = secrets.iter().map(secret_to_object).collect();
            object.insert("secrets".to_owned(), secrets.into());
            output.line(&Value::from(object).to_string())
        });
    }
    if all.is_empty() {
        return output
            .line("There are no OAuth clients: `rollcall oauth-client create` makes one.");
    }
    let now = app.now();
    let rows: Vec<_> = all
        .iter()
        .map(|(oauth_client, secrets)| {
            let valid = secrets.iter().filter(|secret| secret.is_valid(now)).count();
            let state = match oauth_client.revoked_at {
                Some(at) => format!("revoked {at}"),
                None => format!("{valid} valid"),
            };
            [
                oauth_client.id.to_string(),
                oauth_client.name.as_deref().unwrap_or("-").to_owned(),
                oauth_client.client.to_string(),
                oauth_client.scopes.to_string(),
                oauth_client
                    .last_used_at
                    .map_or_else(|| "-".to_owned(), |at| at.to_string()),
                state,
            ]
        })
        .collect();
    output.table(
        ["ID", "NAME", "CLIENT", "SCOPES", "LAST USED", "SECRETS"],
        &rows,
    )
}

fn shown_once(what: &str, secret: &Secret) -> String {
    let secret = secret.reveal();
    format!("{what} Its secret is shown this only time:\n{secret}")
}

fn to_object(oauth_client: &OauthClient) -> Map<String, Value> {
    let scopes: Vec<&str> = oauth_client.scopes.iter().map(Scope::name).collect();
    let object = json!({
        "id": oauth_client.id,
        "name": oauth_client.name,
        "client_id": oauth_client.client,
        "scopes": scopes,
        "limits": limits_to_object(oauth_client.limits),
        "created_at": oauth_client.created_at,
        "revoked_at": oauth_client.revoked_at,
        "last_used_at": oauth_client.last_used_at,
    });
    match object {
        Value::Object(object) => object,
        _ => unreachable!("it was written as an object just above"),
    }
}

/// Never the secret, which nobody has, nor its hash.
fn secret_to_object(secret: &OauthSecret) -> Value {
    json!({ "created_at": secret.created_at, "expires_at": secret.expires_at })
}

fn with_secret(oauth_client: &OauthClient, secret: &Secret) -> Value {
    let mut object = to_object(oauth_client);
    object.insert("client_secret".to_owned(), secret.reveal().into());
    object.into()
}
