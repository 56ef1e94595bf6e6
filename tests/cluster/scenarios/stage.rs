//! A PostgreSQL of one's own, nodes on it, and the command line beside them.

use std::process::{Command, Stdio};

use rollcall_testbed::postgres::{Options, Server};
use serde_json::Value;
use tempfile::TempDir;

use super::node::{Node, Starting};

/// The client of every scenario, and its gateway's instance.
pub const CLIENT: &str = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
pub const INSTANCE: &str = "example";

const DATABASE: &str = "rollcall";
const SCOPES: &str =
    "users:read,users:write,users:enroll,departments:write,activity:write,gateway:read";

/// Everything that a scenario plays on.
pub struct Stage {
    // They end first: the last lines of a log should not be about a database that went away.
    pub nodes: Vec<Node>,
    pub postgres: Server,
    folder: TempDir,
    /// More of the nodes' URLs: `&pool_timeout=1`.
    parameters: String,
    /// Of the client, with all that its callers may do.
    pub token: String,
}

impl Stage {
    /// An empty database that nobody uses.
    pub fn empty() -> Self {
        let options = Options {
            durable: true,
            ..Options::default()
        };
        let postgres = Server::launch(&options);
        postgres.create_database(DATABASE);
        Self {
            nodes: Vec::new(),
            postgres,
            folder: tempfile::tempdir().unwrap(),
            parameters: String::new(),
            token: String::new(),
        }
    }

    /// A client, a token for it, and as many nodes.
    pub fn with_nodes(count: usize) -> Self {
        Self::with_parameters(count, "")
    }

    /// As [`Self::with_nodes`], whose URLs have more parameters.
    pub fn with_parameters(count: usize, parameters: &str) -> Self {
        let mut stage = Self::empty();
        stage.parameters = parameters.to_owned();
        stage.prepare();
        let names = ["a", "b", "c", "d"];
        let starting: Vec<Starting> = names[..count]
            .iter()
            .map(|name| stage.spawn(name))
            .collect();
        stage.nodes = starting.into_iter().map(Starting::ready).collect();
        stage
    }

    /// Makes the client and its token.
    pub fn prepare(&mut self) {
        self.command(&format!(
            "client create --name Example --id {CLIENT} --instance {INSTANCE}"
        ));
        self.token = self.new_token("").1;
    }

    /// Starts one more node; its connections are known to the database by its name.
    pub fn spawn(&self, name: &str) -> Starting {
        Starting::spawn(name, self.process(name))
    }

    /// A token of the client: its id and secret.
    pub fn new_token(&self, options: &str) -> (String, String) {
        let limits = "--limit gateway-list=10000000 --limit gateway-get=10000000";
        let limits = if options.contains("--limit") {
            ""
        } else {
            limits
        };
        let line = format!("token create --client {CLIENT} --scope {SCOPES} {limits} {options}");
        let made = self.command(&line);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    /// A token that administers clients.
    pub fn admin_token(&self) -> String {
        let made = self.command("token create --all-clients --scope admin,users:read");
        made["token"].as_str().unwrap().to_owned()
    }

    /// What a command prints.
    pub fn command(&self, line: &str) -> Value {
        let text = self.text(&format!("{line} --json"));
        serde_json::from_str(text.lines().next().unwrap_or_default()).unwrap_or_default()
    }

    /// All that a command prints.
    pub fn text(&self, line: &str) -> String {
        let mut command = self.process("command");
        let output = command.args(line.split_whitespace()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks the database itself.
    pub fn query(&self, sql: &str) -> String {
        self.postgres.address().query(DATABASE, sql)
    }

    /// The database's URL.
    pub fn url(&self) -> String {
        self.postgres.url(DATABASE)
    }

    /// Cuts a node's connections to the database; says how many.
    pub fn cut_off(&self, node: &str) -> usize {
        let sql = format!(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE application_name = '{node}'"
        );
        self.query(&sql).parse().unwrap()
    }

    fn process(&self, name: &str) -> Command {
        let url = format!("{}?application_name={name}{}", self.url(), self.parameters);
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("ROLLCALL_DATABASE", url)
            .env("ROLLCALL_REQUEST_LOG", "errors")
            .stdin(Stdio::null());
        command
    }
}

/// A path of the client's.
pub fn path(rest: &str) -> String {
    format!("/v2/clients/{CLIENT}{rest}")
}
