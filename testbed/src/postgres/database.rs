//! Databases on a server, made and dropped through `psql`.

use std::{
    env,
    path::PathBuf,
    process::{self, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    programs::Programs,
    server::{Options, Server},
};
use crate::supervisor::remove_settings;

/// The environment variable with the URL of the server that several test processes share.
pub const SHARED_BY: &str = "ROLLCALL_TEST_POSTGRES";

/// Where a server answers, with a role that may create databases.
#[derive(Clone, Debug)]
pub struct Address {
    url: String,
    psql: PathBuf,
}

/// The server that nearly all tests use: the one that [`SHARED_BY`] names (`cargo xtask test` sets
/// it), else one of this process's own, started the first time it is asked for.
///
/// # Panics
/// When PostgreSQL is missing or does not start, with the reason.
pub fn shared() -> &'static Address {
    static NAMED: OnceLock<Option<Address>> = OnceLock::new();
    static OWN: OnceLock<Server> = OnceLock::new();
    let named = NAMED.get_or_init(|| {
        let url = env::var(SHARED_BY).ok().filter(|url| !url.is_empty())?;
        Some(Address::new(&url))
    });
    named.as_ref().unwrap_or_else(|| {
        // Never dropped: the end of this process ends it.
        OWN.get_or_init(|| Server::launch(&Options::default()))
            .address()
    })
}

impl Address {
    /// A server that runs already: the URL of any of its databases.
    ///
    /// # Panics
    /// When `psql` is missing, or the URL is none of PostgreSQL's.
    pub fn new(url: &str) -> Self {
        let programs = Programs::find().unwrap_or_else(|sentence| panic!("{sentence}"));
        let known = ["postgres://", "postgresql://"];
        let is_url = known.iter().any(|scheme| url.starts_with(scheme));
        assert!(is_url, "`{url}` is no URL of a PostgreSQL server");
        Self {
            url: url.to_owned(),
            psql: programs.path("psql"),
        }
    }

    pub(super) fn local(port: u16, password: Option<&str>, programs: &Programs) -> Self {
        let password = password.map_or(String::new(), |password| format!(":{}", escaped(password)));
        Self {
            url: format!("postgres://postgres{password}@127.0.0.1:{port}/postgres"),
            psql: programs.path("psql"),
        }
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        with_database(&self.url, database)
    }

    /// Creates an empty database.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn create_database(&self, name: &str) {
        self.create_database_with(name, "");
    }

    /// Creates an empty database with more of `CREATE DATABASE`'s options, for example
    /// `LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn create_database_with(&self, name: &str, options: &str) {
        // `template0` is as it was delivered, and nobody can be connected to it.
        let name = quoted(name);
        self.query(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0 {options}"),
        );
    }

    /// Drops a database if it is there, and ends the connections to it.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn drop_database(&self, name: &str) {
        let sql = drop_sql(name);
        self.query("postgres", &sql);
    }

    /// Runs one statement in a database, and returns its rows: a line each, columns between `|`.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn query(&self, database: &str, sql: &str) -> String {
        let outcome = self.try_query(database, sql);
        outcome.unwrap_or_else(|sentence| panic!("{sql}: {sentence}"))
    }

    /// As [`Address::query`], with what the server says as the error.
    pub fn try_query(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut command = Command::new(&self.psql);
        command
            .args([
                "--no-psqlrc",
                "--no-password",
                "--quiet",
                "--no-align",
                "--tuples-only",
            ])
            .args(["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"])
            .args(["--command", sql, "--dbname"])
            .arg(self.url(database))
            .stdin(Stdio::null());
        remove_settings(&mut command);
        let output = command
            .output()
            .map_err(|error| format!("`psql` cannot be started: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }
}

/// An empty database of one's own on the [`shared`] server. Dropping the guard drops it, whoever is
/// still connected to it.
#[derive(Debug)]
pub struct Database {
    name: String,
    address: &'static Address,
}

impl Database {
    /// Creates it under a name that no other has.
    ///
    /// # Panics
    /// When there is no server or it refuses, with the reason.
    pub fn create() -> Self {
        Self::create_with("")
    }

    /// As [`Database::create`], with more of `CREATE DATABASE`'s options, for example
    /// `LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`.
    ///
    /// # Panics
    /// When there is no server or it refuses, with the reason.
    pub fn create_with(options: &str) -> Self {
        let address = shared();
        let name = new_name();
        address.create_database_with(&name, options);
        Self { name, address }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.address.url(&self.name)
    }

    /// Runs one statement in it: [`Address::query`].
    ///
    /// # Panics
    /// When the server refuses.
    pub fn query(&self, sql: &str) -> String {
        self.address.query(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A failure here would hide the test's own, and the server goes away soon.
        let _ = self.address.try_query("postgres", &drop_sql(&self.name));
    }
}

fn drop_sql(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name))
}

/// The process id and a counter are unique now; the time tells the processes apart that had the
/// same id one after the other, or have it in another container.
fn new_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = since.map_or(0, |duration| duration.as_nanos());
    format!("test_{}_{counter}_{time:x}", process::id())
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Percent-encoded, as a URL's user information wants it.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// The same URL with another database in its path.
fn with_database(url: &str, database: &str) -> String {
    let (location, parameters) = match url.split_once('?') {
        Some((location, parameters)) => (location, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let authority = location.find("://").map_or(0, |at| at + "://".len());
    let end = location[authority..].find('/');
    let end = end.map_or(location.len(), |at| authority + at);
    format!("{}/{database}{parameters}", &location[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_the_one_in_the_url() {
        for (url, expected) in [
            ("postgres://a@h:1/postgres", "postgres://a@h:1/new"),
            ("postgres://a@h:1", "postgres://a@h:1/new"),
            ("postgres://a@h:1/", "postgres://a@h:1/new"),
            (
                "postgresql://a:b@h/x?sslmode=require&host=/tmp",
                "postgresql://a:b@h/new?sslmode=require&host=/tmp",
            ),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }

    #[test]
    fn names_are_never_the_same() {
        assert_ne!(new_name(), new_name());
    }

    #[test]
    fn a_name_and_a_password_are_written_so_that_they_arrive() {
        assert_eq!(quoted("odd \"name\""), "\"odd \"\"name\"\"\"");
        assert_eq!(escaped("a/b:c@d%ü"), "a%2Fb%3Ac%40d%25%C3%BC");
    }
}
