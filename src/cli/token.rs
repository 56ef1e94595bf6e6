//! `rollcall token`: what callers prove themselves with.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::cli::arguments::{client_id, in_one, limit, limits_to_object, name, scope, token_id};
use crate::cli::duration;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::model::id::{ClientId, TokenId};
use crate::model::rate_limit::{Limit, RouteClass};
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, NewToken, Secret, Token};
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::tokens;

/// What there is to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token; it is shown this once
    Create(Create),
    /// List all tokens, revoked ones too; never their secrets
    List,
    /// Revoke a token for good
    Revoke {
        /// The token's id
        #[arg(value_parser = token_id)]
        id: TokenId,
    },
    /// Set how often a token may ask; classes that are not named stay as they are
    Limit(Limited),
    /// Revoke a token and make one with the same rights and end in its place
    Rotate {
        /// The token's id
        #[arg(value_parser = token_id)]
        id: TokenId,
    },
}

/// What a new token is made of.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("clients").required(true))]
pub struct Create {
    /// The client whose data it may touch
    #[arg(long, group = "clients", value_name = "ID", value_parser = client_id)]
    client: Option<ClientId>,
    /// It may touch every client's data
    #[arg(long, group = "clients")]
    all_clients: bool,
    /// What it may do; repeatable, or divided by commas
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ',',
        value_parser = scope()
    )]
    scopes: Vec<Scope>,
    /// How long it is valid: 30m, 12h, 90d, 52w; for ever when left out
    #[arg(long = "expires", value_name = "DURATION", value_parser = duration::parse)]
    expires_ms: Option<i64>,
    /// What you call it
    #[arg(long, value_parser = name)]
    name: Option<Box<str>>,
    /// How often it may ask: api=600, gateway-list=60, gateway-get=60; repeatable
    #[arg(long = "limit", value_name = "CLASS=PER_MINUTE", value_parser = limit)]
    limits: Vec<(RouteClass, Limit)>,
}

/// A token and its new limits.
#[derive(Debug, Args)]
pub struct Limited {
    /// The token's id
    #[arg(value_parser = token_id)]
    id: TokenId,
    /// How often it may ask: api=600, gateway-list=60, gateway-get=60; repeatable
    #[arg(
        long = "limit",
        value_name = "CLASS=PER_MINUTE",
        required = true,
        value_parser = limit
    )]
    limits: Vec<(RouteClass, Limit)>,
}

/// Does it.
pub async fn run(app: &App, command: Command, output: &mut Output) -> Result<(), Failure> {
    let access = AdminAccess::of_command_line();
    match command {
        Command::Create(create) => {
            let new = create.into_new(app.now())?;
            let (token, secret) = tokens::create(app, &access, new).await?;
            output.say(&with_secret(&token, &secret), || {
                let what = format!("Created token {} for {}.", token.id, clients(&token));
                shown_once(&what, &secret)
            })
        }
        Command::List => list(app, &access, output).await,
        Command::Revoke { id } => {
            let token = tokens::revoke(app, &access, id).await?;
            output.say(&to_object(&token).into(), || format!("Revoked token {id}."))
        }
        Command::Limit(Limited { id, limits }) => {
            let limits = in_one(&limits)?;
            let token = tokens::set_limits(app, &access, id, limits).await?;
            output.say(&to_object(&token).into(), || {
                format!("Limits of token {id}: {}.", token.limits.to_text())
            })
        }
        Command::Rotate { id } => {
            let (token, secret) = tokens::rotate(app, &access, id).await?;
            output.say(&with_secret(&token, &secret), || {
                let what = format!("Revoked token {id}; token {} is in its place.", token.id);
                shown_once(&what, &secret)
            })
        }
    }
}

impl Create {
    fn into_new(self, now: Timestamp) -> Result<NewToken, Failure> {
        let limits = in_one(&self.limits)?;
        Ok(NewToken {
            name: self.name,
            clients: self.client.map_or(ClientSet::All, ClientSet::One),
            scopes: self.scopes,
            limits,
            expires_at: self
                .expires_ms
                .map(|milliseconds| now.plus_milliseconds(milliseconds)),
        })
    }
}

async fn list(app: &App, access: &AdminAccess, output: &mut Output) -> Result<(), Failure> {
    let tokens = tokens::list(app, access).await?;
    if output.is_json() {
        return tokens
            .iter()
            .try_for_each(|token| output.line(&Value::from(to_object(token)).to_string()));
    }
    if tokens.is_empty() {
        return output.line("There are no tokens: `rollcall token create` makes one.");
    }
    let now = app.now();
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| {
            [
                token.id.to_string(),
                token.name.as_deref().unwrap_or("-").to_owned(),
                clients(token),
                token.scopes.to_string(),
                token
                    .last_used_at
                    .map_or_else(|| "-".to_owned(), |at| at.to_string()),
                state(token, now),
            ]
        })
        .collect();
    output.table(
        ["ID", "NAME", "CLIENT", "SCOPES", "LAST USED", "STATE"],
        &rows,
    )
}

fn state(token: &Token, now: Timestamp) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("expired {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "valid".to_owned(),
    }
}

fn clients(token: &Token) -> String {
    match token.clients {
        ClientSet::One(client) => client.to_string(),
        ClientSet::All => "all clients".to_owned(),
    }
}

fn shown_once(what: &str, secret: &Secret) -> String {
    let secret = secret.reveal();
    format!("{what} This is the only time that it is shown:\n{secret}")
}

fn to_object(token: &Token) -> Map<String, Value> {
    let client = match token.clients {
        ClientSet::One(client) => Some(client),
        ClientSet::All => None,
    };
    let scopes: Vec<&str> = token.scopes.iter().map(Scope::name).collect();
    let object = json!({
        "id": token.id,
        "name": token.name,
        "client_id": client,
        "scopes": scopes,
        "limits": limits_to_object(token.limits),
        "oauth_client_id": token.oauth_client,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    });
    match object {
        Value::Object(object) => object,
        _ => unreachable!("it was written as an object just above"),
    }
}

fn with_secret(token: &Token, secret: &Secret) -> Value {
    let mut object = to_object(token);
    object.insert("token".to_owned(), secret.reveal().into());
    object.into()
}
