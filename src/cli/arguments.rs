//! The command line's grammar. It is fixed: scripts depend on it.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use serde_json::{Map, Value};

use crate::cli::failure::Failure;
use crate::cli::{
    backup, client, completions, export, hold, import, instance, migrate, oauth_client, scim_log,
    serve, token,
};
use crate::model::id::{ClientId, OauthClientId, TokenId, UserId};
use crate::model::instance::InstanceName;
use crate::model::rate_limit::{Limit, Limits, RouteClass};
use crate::model::scope::Scope;
use crate::model::text;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "rollcall",
    version,
    about = "One directory of every client's people: who they are, where they belong, when they \
             were last seen.",
    after_help = "The settings can also come from a file and from the environment \
                  (ROLLCALL_LISTEN, ROLLCALL_DATABASE, ROLLCALL_CONFIG, ROLLCALL_LOG, …): see \
                  rollcall.example.toml.",
    propagate_version = true
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes, before or behind its name.
#[derive(Debug, Args)]
pub struct Global {
    /// The file of settings [env: ROLLCALL_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database: sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE [env: ROLLCALL_DATABASE]
    /// [default: sqlite:rollcall.db]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it is told to stop
    Serve(serve::Arguments),
    /// Make and list client organisations
    #[command(subcommand)]
    Client(client::Command),
    /// Make, list, rotate and revoke tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Make, list, rotate and revoke OAuth clients: machines that exchange a secret for tokens
    #[command(subcommand)]
    OauthClient(oauth_client::Command),
    /// Make, list and delete instances of the Identity Gateway
    #[command(subcommand)]
    Instance(instance::Command),
    /// List, approve and reject what is held of what identity providers asked for
    #[command(subcommand)]
    Hold(hold::Command),
    /// Take people in from a CSV or JSONL file
    Import(import::Arguments),
    /// Print a client's departments and people as JSONL, as import reads them
    Export(export::Arguments),
    /// List, show and rehearse what identity providers sent over SCIM
    ScimLog(scim_log::Arguments),
    /// Copy the database to a new file, while it is in use
    Backup(backup::BackupArguments),
    /// Put a backup in the database's place
    Restore(backup::RestoreArguments),
    /// Copy everything from one database to another, which is empty
    Migrate(migrate::Arguments),
    /// Check the settings and the database, and print what is in force
    CheckConfig,
    /// Print the completions of a shell
    Completions(completions::Arguments),
}

/// Reads a client's id.
pub fn client_id(text: &str) -> Result<ClientId, String> {
    ClientId::parse(text).ok_or_else(|| malformed_id("client"))
}

/// Reads a user's id.
pub fn user_id(text: &str) -> Result<UserId, String> {
    UserId::parse(text).ok_or_else(|| malformed_id("user"))
}

/// Reads a token's id.
pub fn token_id(text: &str) -> Result<TokenId, String> {
    TokenId::parse(text).ok_or_else(|| malformed_id("token"))
}

/// Reads an OAuth client's id.
pub fn oauth_client_id(text: &str) -> Result<OauthClientId, String> {
    OauthClientId::parse(text).ok_or_else(|| malformed_id("OAuth client"))
}

fn malformed_id(noun: &str) -> String {
    format!("a {noun}'s id is written like aa7cf840-9ca9-46a3-9778-9015d6580d50")
}

/// Reads an instance's name.
pub fn instance_name(text: &str) -> Result<InstanceName, String> {
    InstanceName::parse(text).map_err(|invalid| invalid.reason)
}

/// Reads what a client or a token is to be called.
pub fn name(text: &str) -> Result<Box<str>, String> {
    text::name("the name", text).map_err(|invalid| invalid.reason)
}

/// Reads a scope, and knows them all for the help and the completions.
pub fn scope() -> impl TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::name))
        .map(|name| Scope::parse(&name).expect("only the names of scopes are possible"))
}

/// Reads `CLASS=PER_MINUTE`.
pub fn limit(text: &str) -> Result<(RouteClass, Limit), String> {
    let (class, requests) = text
        .split_once('=')
        .ok_or("a limit is a class of routes and requests a minute: api=600")?;
    let class = RouteClass::parse(class).ok_or_else(|| {
        let names = RouteClass::ALL.map(RouteClass::name).join(", ");
        format!("the classes of routes are {names}")
    })?;
    let limit = requests.parse().ok().and_then(Limit::per_minute);
    let limit = limit.ok_or_else(|| {
        let most = Limit::PER_MINUTE_MAX;
        format!("requests a minute are a whole number from 1 to {most}")
    })?;
    Ok((class, limit))
}

/// The limits that were given, each class once.
pub fn in_one(given: &[(RouteClass, Limit)]) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    for (index, (class, limit)) in given.iter().enumerate() {
        if given[..index].iter().any(|(other, _)| other == class) {
            let class = class.name();
            return Err(Failure::because(format!(
                "two limits are given for {class}"
            )));
        }
        limits.set(*class, *limit);
    }
    Ok(limits)
}

/// Limits as the commands print them: requests a minute by class.
pub fn limits_to_object(limits: Limits) -> Map<String, Value> {
    limits
        .iter()
        .map(|(class, limit)| (class.name().to_owned(), limit.requests().into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_limit_is_a_class_and_a_number() {
        let (class, limit) = limit("gateway-get=60").unwrap();
        assert_eq!((class, limit.requests()), (RouteClass::GatewayGet, 60));
        for text in [
            "", "api", "api=", "api=0", "api=-1", "api=1.5", "web=1", "=5",
        ] {
            assert!(super::limit(text).is_err(), "{text}");
        }
    }
}
