//! Rollcall as whoever installs it meets it: a binary with a command line, and a server.

use std::{
    env,
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    http::{Connection, Request},
    process::{self, Cores, Running},
};

/// The name of the gateway's instance.
pub const INSTANCE: &str = "bench";

/// No limit that is ever reached, on the path of every request all the same: the most that a token
/// takes.
const LIMITS: [&str; 3] = [
    "api=10000000",
    "gateway-get=10000000",
    "gateway-list=10000000",
];

/// The binary.
#[derive(Debug, Clone)]
pub struct Rollcall {
    binary: PathBuf,
}

impl Rollcall {
    /// The one that was built.
    pub fn new(binary: PathBuf) -> Self {
        Self { binary }
    }

    /// Its version, as it says it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn version(&self) -> Result<String, String> {
        let mut command = process::command(Cores::Any, &self.binary);
        command.arg("--version");
        Ok(process::printed(command)?.trim_end().to_owned())
    }

    /// A command on a database, on all cores.
    pub fn command(&self, database: &str, arguments: &[&str]) -> Command {
        self.command_on(Cores::Any, database, arguments)
    }

    fn command_on(&self, cores: Cores, database: &str, arguments: &[&str]) -> Command {
        let mut command = process::command(cores, &self.binary);
        for (name, _) in env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"ROLLCALL_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).args(["--database", database]);
        command
    }

    /// Runs a command and returns the first object that it prints.
    ///
    /// # Errors
    /// When it fails.
    pub fn object(&self, database: &str, arguments: &[&str]) -> Result<Value, String> {
        let mut command = self.command(database, arguments);
        command.arg("--json");
        let text = process::printed(command)?;
        let line = text.lines().next().unwrap_or_default();
        serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"))
    }

    /// Makes a client with the instance, and returns its id.
    ///
    /// # Errors
    /// When the command fails.
    pub fn create_client(&self, database: &str) -> Result<String, String> {
        let arguments = [
            "client",
            "create",
            "--name",
            "Bench",
            "--instance",
            INSTANCE,
        ];
        text_of(&self.object(database, &arguments)?, "id")
    }

    /// Makes a token that may do everything, with limits; for one client, or for all.
    ///
    /// # Errors
    /// When the command fails.
    pub fn create_token(&self, database: &str, client: Option<&str>) -> Result<String, String> {
        let mut scopes = "users:read,users:write,departments:write,activity:write".to_owned();
        scopes += if client.is_some() {
            ",gateway:read"
        } else {
            ",admin"
        };
        let mut arguments = vec!["token", "create", "--scope", &scopes];
        match client {
            Some(client) => arguments.extend(["--client", client]),
            None => arguments.push("--all-clients"),
        }
        for limit in LIMITS {
            arguments.extend(["--limit", limit]);
        }
        text_of(&self.object(database, &arguments)?, "token")
    }

    /// Imports a file, and returns the totals.
    ///
    /// # Errors
    /// When the command fails, or a row was bad.
    pub fn import(&self, database: &str, client: &str, file: &Path) -> Result<Value, String> {
        let file = file.display().to_string();
        self.object(database, &["import", "--client", client, &file])
    }

    /// Starts a server that may use these cores. `directory` takes its log.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self, database: &str, directory: &Path, cores: Cores) -> Result<Server, String> {
        let mut server = self.launch(database, directory, cores)?;
        let address = server.address.clone();
        server.running.until(|| is_ready(&address))?;
        Ok(server)
    }

    /// As [`Self::serve`], and returns as soon as the port is known.
    ///
    /// # Errors
    /// When it does not start.
    pub fn launch(&self, database: &str, directory: &Path, cores: Cores) -> Result<Server, String> {
        let arguments = ["serve", "--listen", "127.0.0.1:0"];
        let mut command = self.command_on(cores, database, &arguments);
        let path = directory.join("server.log");
        let failed = |error| format!("{}: {error}", path.display());
        // As an administrator would send it to a file. Appending, so that it can be emptied.
        let _ = fs::remove_file(&path);
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let log = log.map_err(failed)?;
        let second = log.try_clone().map_err(failed)?;
        command.stderr(second);
        let mut running = Running::start(command)?;
        let mut address = None;
        let started = running.until(|| {
            address = fs::read_to_string(&path)
                .ok()
                .and_then(|text| listening(&text));
            address.is_some()
        });
        started.map_err(|error| {
            let said = fs::read_to_string(&path).unwrap_or_default();
            format!("{error}\n{said}")
        })?;
        Ok(Server {
            address: address.expect("it was waited for"),
            running,
            log,
        })
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: String,
    /// The process.
    pub running: Running,
    log: File,
}

impl Server {
    /// Empties its log, which may hold a line a request.
    pub fn empty_log(&self) {
        // Then it only takes more of the disk.
        let _ = self.log.set_len(0);
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not listen any more.
    pub fn connect(&self) -> Result<Connection, String> {
        Connection::open(&self.address)
    }
}

/// Whether a server says that it can answer.
pub fn is_ready(address: &str) -> bool {
    let asked = Connection::open(address);
    asked.is_ok_and(|mut connection| connection.ask(&Request::get("/readyz", "-"), 200).is_ok())
}

/// The address in the first line of the log.
fn listening(log: &str) -> Option<String> {
    let (line, _) = log.split_once('\n')?;
    let line: Value = serde_json::from_str(line).ok()?;
    line["address"].as_str().map(str::to_owned)
}

/// A text in an object.
///
/// # Errors
/// When it is not there.
pub fn text_of(object: &Value, name: &str) -> Result<String, String> {
    let text = object[name].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("no {name} in {object}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_first_whole_line() {
        let line = r#"{"level":"INFO","message":"listening","address":"127.0.0.1:35421"}"#;
        assert_eq!(listening(line), None);
        let whole = format!("{line}\n{{");
        assert_eq!(listening(&whole).as_deref(), Some("127.0.0.1:35421"));
        assert_eq!(listening("error: no\n"), None);
    }
}
