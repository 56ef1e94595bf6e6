//! One PostgreSQL server of our own.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    database::Address,
    programs::{self, Programs},
};
use crate::{directory, starting::Program, supervisor::Supervisor};

/// What a server is to be like. The default is the fastest that is still correct: everything that
/// is committed survives the server's crash, though not the machine's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// As in production: flushed to the disk, and vacuumed. For tests of faults and of speed.
    pub durable: bool,
    /// The collation of every database on it.
    pub locale: Locale,
    /// Demanded of every connection (SCRAM) when it is set. Else the loopback is trusted.
    pub password: Option<String>,
    /// More settings, `("log_statement", "all")`; they win over the ones set here.
    pub settings: Vec<(String, String)>,
    /// Files in the data directory, by name and content, readable by the server only. TLS is
    /// `server.crt` and `server.key` with the setting `ssl=on`; a `pg_hba.conf` replaces ours.
    pub files: Vec<(String, String)>,
}

/// Where the order of text comes from.
#[derive(Clone, Debug, Default)]
pub enum Locale {
    /// By bytes: the one that Rollcall accepts.
    #[default]
    C,
    /// One of the system's (`C.UTF-8`, `en_US.UTF-8`). Which are installed differs: `locale -a`.
    System(String),
    /// One of ICU's (`en-US`), which PostgreSQL brings with it.
    Icu(String),
}

/// A running server. Dropping it ends it and removes its directory; so does the end of this process.
#[derive(Debug)]
pub struct Server {
    address: Address,
    port: u16,
    directory: PathBuf,
    settings: Vec<(String, String)>,
    postgres: PathBuf,
    supervisor: Mutex<Supervisor>,
}

impl Server {
    /// Makes a new server and starts it.
    ///
    /// # Panics
    /// When PostgreSQL is missing or does not start, with the reason.
    pub fn launch(options: &Options) -> Self {
        Self::try_launch(options).unwrap_or_else(|sentence| panic!("{sentence}"))
    }

    /// As [`Server::launch`], with the reason as the error.
    pub fn try_launch(options: &Options) -> Result<Self, String> {
        let programs = Programs::find()?;
        let mut supervisor = initialised(options, &programs)?;
        let directory = supervisor.directory().to_owned();
        let postgres = programs.path("postgres");
        let settings = settings(options, &directory);
        let port = program(&postgres, &settings, &directory).start_on_any(&mut supervisor)?;
        Ok(Self {
            address: Address::local(port, options.password.as_deref(), &programs),
            port,
            directory,
            settings,
            postgres,
            supervisor: Mutex::new(supervisor),
        })
    }

    /// Where it answers, or will again when it is started.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The URL of one of its databases: `postgres://postgres@127.0.0.1:21345/NAME`.
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// Its port of 127.0.0.1, the same for its whole life.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its unix socket, `.s.PGSQL.PORT`; a URL takes it as `?host=`. Only the
    /// server's own user may enter it.
    pub fn socket_directory(&self) -> &Path {
        &self.directory
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.supervisor().log_from(0)
    }

    /// The postmaster's process id, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.supervisor().server()
    }

    /// Creates an empty database.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn create_database(&self, name: &str) {
        self.address.create_database(name);
    }

    /// Drops a database, and ends the connections to it.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn drop_database(&self, name: &str) {
        self.address.drop_database(name);
    }

    /// Stops it at once, as a crash does: no checkpoint, every connection cut (SIGQUIT).
    ///
    /// # Panics
    /// When it is not running.
    pub fn stop_immediate(&self) {
        self.stop("QUIT");
    }

    /// Stops it in order: transactions are rolled back, and a checkpoint is made (SIGINT).
    ///
    /// # Panics
    /// When it is not running.
    pub fn stop_fast(&self) {
        self.stop("INT");
    }

    /// Starts it again on the same port, with what it held.
    ///
    /// # Panics
    /// When it runs already or does not start, with the reason.
    pub fn start(&self) {
        let program = program(&self.postgres, &self.settings, &self.directory);
        let outcome = program.start_on(&mut self.supervisor(), self.port);
        outcome.unwrap_or_else(|sentence| panic!("{sentence}"));
    }

    /// Stops it in order and starts it again.
    ///
    /// # Panics
    /// As [`Server::stop_fast`] and [`Server::start`].
    pub fn restart(&self) {
        self.stop_fast();
        self.start();
    }

    fn stop(&self, signal: &str) {
        let mut supervisor = self.supervisor();
        assert!(supervisor.server().is_some(), "PostgreSQL is not running");
        let stopped = supervisor.signal(signal).and_then(|()| supervisor.wait());
        stopped.unwrap_or_else(|sentence| panic!("PostgreSQL cannot be stopped: {sentence}"));
    }

    /// A test that panicked while it held this has broken nothing: every order is one line.
    fn supervisor(&self) -> MutexGuard<'_, Supervisor> {
        let locked = self.supervisor.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the directory and the data in it. The supervisor stands guard from the first moment, so
/// that a process killed meanwhile leaves nothing behind.
fn initialised(options: &Options, programs: &Programs) -> Result<Supervisor, String> {
    let directory = directory::create()?;
    let account = if directory::is_roots(&directory) {
        let prepared = programs::account()
            .and_then(|account| directory::give(&directory, account).map(|()| account));
        Some(prepared.inspect_err(|_| {
            // Still empty, and nobody stands guard yet.
            let _ = fs::remove_dir(&directory);
        })?)
    } else {
        None
    };
    let mut supervisor = Supervisor::new(directory.clone(), account, "QUIT")?;
    let write = |name: &str, content: &str| -> Result<(), String> {
        let path = directory.join(name);
        directory::write(&path, content)?;
        account.map_or(Ok(()), |account| directory::give(&path, account))
    };
    if let Some(password) = &options.password {
        write("password", &format!("{password}\n"))?;
    }
    if !supervisor.run(&initdb(options, programs, &directory))? {
        return Err(format!("initdb failed:\n{}", supervisor.last_lines_from(0)));
    }
    for (name, content) in &options.files {
        write(&format!("data/{name}"), content)?;
    }
    Ok(supervisor)
}

fn initdb(options: &Options, programs: &Programs, directory: &Path) -> Vec<String> {
    let mut words = vec![
        programs.path("initdb").display().to_string(),
        format!("--pgdata={}", directory.join("data").display()),
        "--username=postgres".to_owned(),
        "--encoding=UTF8".to_owned(),
        "--no-instructions".to_owned(),
    ];
    words.extend(match &options.locale {
        Locale::C => vec!["--locale=C".to_owned()],
        Locale::System(name) => vec![format!("--locale={name}")],
        Locale::Icu(name) => vec![
            "--locale=C".to_owned(),
            "--locale-provider=icu".to_owned(),
            format!("--icu-locale={name}"),
        ],
    });
    if options.password.is_some() {
        words.push("--auth=scram-sha-256".to_owned());
        words.push(format!("--pwfile={}", directory.join("password").display()));
    } else {
        words.push("--auth=trust".to_owned());
    }
    if !options.durable {
        words.push("--no-sync".to_owned());
    }
    words
}

/// What the server is started with; the last setting of a name wins.
fn settings(options: &Options, directory: &Path) -> Vec<(String, String)> {
    let directory = directory.display().to_string();
    let mut all = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("unix_socket_directories", directory),
        ("max_connections", "500".to_owned()),
        ("shared_buffers", "64MB".to_owned()),
        ("max_wal_size", "1GB".to_owned()),
        ("logging_collector", "off".to_owned()),
    ];
    if !options.durable {
        // `synchronous_commit` stays on: without it a stop as in a crash would lose what was
        // committed last, and to write is cheap when nothing is flushed.
        all.extend(
            [
                "fsync",
                "full_page_writes",
                "autovacuum",
                "jit",
                "log_checkpoints",
            ]
            .map(|name| (name, "off".to_owned())),
        );
        all.extend([
            ("wal_level", "minimal".to_owned()),
            ("max_wal_senders", "0".to_owned()),
            ("checkpoint_timeout", "1h".to_owned()),
        ]);
    }
    let ours = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    ours.chain(options.settings.iter().cloned()).collect()
}

fn program(
    postgres: &Path,
    settings: &[(String, String)],
    directory: &Path,
) -> Program<impl Fn(u16) -> Vec<String>, impl Fn(u16, u32) -> bool> {
    let data = directory.join("data");
    Program {
        name: "PostgreSQL",
        command: move |port| {
            let own = [
                postgres.display().to_string(),
                "-D".to_owned(),
                data.display().to_string(),
                format!("--port={port}"),
            ];
            let settings = settings
                .iter()
                .map(|(name, value)| format!("--{name}={value}"));
            own.into_iter().chain(settings).collect()
        },
        is_ready: move |_, process| is_ready(directory, process),
    }
}

/// Asked of the server's own file, as `pg_ctl` does: whoever answers on the port may be another
/// server, and to start a client for each question would take longer than the start itself.
fn is_ready(directory: &Path, process: u32) -> bool {
    let Ok(text) = fs::read_to_string(directory.join("data/postmaster.pid")) else {
        return false;
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.first() == Some(&process.to_string().as_str()) && lines.get(7) == Some(&"ready")
}
