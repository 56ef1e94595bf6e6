//! A real Redis that keeps nothing on the disk.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{directory, starting::Program, supervisor::Supervisor};

const PROGRAM: &str = "redis-server";

/// A running server. Dropping it ends it; so does the end of this process.
#[derive(Debug)]
pub struct Server {
    port: u16,
    directory: String,
    settings: Vec<(String, String)>,
    supervisor: Mutex<Supervisor>,
}

/// Whether Redis is installed.
pub fn is_installed() -> bool {
    let mut command = Command::new(PROGRAM);
    command.arg("--version").stdin(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

impl Server {
    /// Starts a new, empty server.
    ///
    /// # Panics
    /// When Redis is missing or does not start, with the reason.
    pub fn launch() -> Self {
        Self::launch_with(&[])
    }

    /// As [`Server::launch`], with more settings, for example `("maxclients", "3")`.
    ///
    /// # Panics
    /// When Redis is missing or does not start, with the reason.
    pub fn launch_with(settings: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = settings.iter().map(owned).collect();
        Self::try_launch(settings).unwrap_or_else(|sentence| panic!("{sentence}"))
    }

    fn try_launch(settings: Vec<(String, String)>) -> Result<Self, String> {
        if !is_installed() {
            return Err(
                "Redis is needed and was not found: install it (Debian: `apt-get install \
                 redis-server`)"
                    .to_owned(),
            );
        }
        let directory = directory::create()?;
        // There is nothing to save, so it need not be asked politely.
        let mut supervisor = Supervisor::new(directory, None, "KILL")?;
        let directory = supervisor.directory().display().to_string();
        let port = program(&settings, &directory).start_on_any(&mut supervisor)?;
        Ok(Self {
            port,
            directory,
            settings,
            supervisor: Mutex::new(supervisor),
        })
    }

    /// Its URL: `redis://127.0.0.1:21345/`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its port of 127.0.0.1, the same for its whole life.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.supervisor().server()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.supervisor().log_from(0)
    }

    /// Stops it. Connections are cut, new ones are refused, and what it held is lost.
    ///
    /// # Panics
    /// When it is not running.
    pub fn stop(&self) {
        self.signal("KILL");
        let stopped = self.supervisor().wait();
        stopped.unwrap_or_else(|sentence| panic!("Redis cannot be stopped: {sentence}"));
    }

    /// Starts it again on the same port, empty.
    ///
    /// # Panics
    /// When it runs already or does not start, with the reason.
    pub fn start(&self) {
        let program = program(&self.settings, &self.directory);
        let outcome = program.start_on(&mut self.supervisor(), self.port);
        outcome.unwrap_or_else(|sentence| panic!("{sentence}"));
    }

    /// Lets it hang: connections are taken by the operating system, and nothing is answered.
    ///
    /// # Panics
    /// When it is not running.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after [`Server::pause`].
    ///
    /// # Panics
    /// When it is not running.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let mut supervisor = self.supervisor();
        assert!(supervisor.server().is_some(), "Redis is not running");
        let sent = supervisor.signal(name);
        sent.unwrap_or_else(|sentence| panic!("Redis cannot be sent {name}: {sentence}"));
    }

    /// A test that panicked while it held this has broken nothing: every order is one line.
    fn supervisor(&self) -> MutexGuard<'_, Supervisor> {
        let locked = self.supervisor.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }
}

fn program(
    settings: &[(String, String)],
    directory: &str,
) -> Program<impl Fn(u16) -> Vec<String>, impl Fn(u16, u32) -> bool> {
    Program {
        name: "Redis",
        command: move |port| command(settings, directory, port),
        is_ready,
    }
}

fn command(settings: &[(String, String)], directory: &str, port: u16) -> Vec<String> {
    let port = port.to_string();
    let ours = [
        ("port", port.as_str()),
        ("bind", "127.0.0.1"),
        ("dir", directory),
        ("save", ""),
        ("appendonly", "no"),
        ("daemonize", "no"),
    ];
    let theirs = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut words = vec![PROGRAM.to_owned()];
    for (name, value) in ours.into_iter().chain(theirs) {
        words.extend([format!("--{name}"), value.to_owned()]);
    }
    words
}

/// Whether this very server answers: another one may listen on the port that ours wanted.
fn is_ready(port: u16, process: u32) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"INFO server\r\nQUIT\r\n")?;
        let expected = format!("process_id:{process}");
        for line in BufReader::new(stream).lines() {
            let line = line?;
            // One with a password says nothing more than that it has one.
            if line == expected || line.starts_with("-NOAUTH") {
                return Ok(true);
            }
        }
        Ok(false)
    };
    ask().unwrap_or(false)
}
