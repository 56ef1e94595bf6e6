//! The load itself.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
    task::JoinSet,
};

use super::message::{self, Query};
use crate::{
    process,
    wrk::{self, Outcome},
};

/// Questions, and over how many connections they are asked.
#[derive(Debug, Clone)]
pub struct LdapLoad {
    address: String,
    file: PathBuf,
    connections: usize,
}

impl LdapLoad {
    /// These questions, over so many connections. `file` takes them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn of(
        address: &str,
        queries: &[Query],
        connections: usize,
        file: &Path,
    ) -> Result<Self, String> {
        let lines: Vec<String> = queries.iter().map(Query::to_line).collect();
        let written = fs::write(file, lines.join("\n"));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self {
            address: address.to_owned(),
            file: file.to_owned(),
            connections,
        })
    }

    /// Runs it, on the core that all load comes from.
    ///
    /// # Errors
    /// When any answer is an error.
    pub fn run(&self, duration: Duration) -> Result<Outcome, String> {
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let mut command = process::command(process::LOAD, program);
        command.arg("ldap").arg(&self.address).arg(&self.file);
        command.arg(self.connections.to_string());
        command.arg(duration.as_millis().to_string());
        wrk::outcome(&process::printed(command)?)
    }
}

/// The process's own work: asks for so long, and prints the outcome in the form that ours of wrk
/// prints it in.
///
/// # Errors
/// When any answer is an error.
pub fn generate(
    address: &str,
    file: &Path,
    connections: usize,
    duration: Duration,
) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let queries: Option<Vec<Query>> = text.lines().map(Query::from_line).collect();
    let queries = Arc::new(queries.ok_or("a line is no query")?);
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let times = runtime.block_on(ask_all(address, queries, connections, duration));
    let (mut times, taken) = times.map_err(|error| format!("slapd: {error}"))?;
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "RESULT {{\"requests\":{},\"duration_us\":{},\"failed\":0,\"refused\":0,\"p50_us\":{},\
         \"p99_us\":{}}}",
        times.len(),
        taken.as_micros(),
        at(50).as_micros(),
        at(99).as_micros()
    );
    Ok(())
}

async fn ask_all(
    address: &str,
    queries: Arc<Vec<Query>>,
    connections: usize,
    duration: Duration,
) -> io::Result<(Vec<Duration>, Duration)> {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let start = Instant::now();
    let end = start + duration;
    let mut tasks = JoinSet::new();
    for (number, connection) in open.into_iter().enumerate() {
        let queries = Arc::clone(&queries);
        let first = number * queries.len() / connections;
        tasks.spawn(ask_until(connection, queries, first, end));
    }
    let mut times = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        times.extend(ended.map_err(io::Error::other)??);
    }
    Ok((times, start.elapsed()))
}

/// How long each answer took. The one that is under way at the end is waited for, and counts: pages
/// take long, and to leave out 64 of them would be unfair.
async fn ask_until(
    mut connection: Connection,
    queries: Arc<Vec<Query>>,
    first: usize,
    end: Instant,
) -> io::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for query in queries.iter().cycle().skip(first) {
        let start = Instant::now();
        connection.ask(query).await?;
        let now = Instant::now();
        times.push(now - start);
        if now > end {
            break;
        }
    }
    Ok(times)
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    /// How much of it was read already.
    start: usize,
    last_id: u32,
    cookie: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream,
            received: Vec::new(),
            start: 0,
            last_id: 1,
            cookie: Vec::new(),
        };
        connection.stream.write_all(&message::bind(1)).await?;
        let (_, code) = connection.until(message::BIND_DONE).await?;
        expect(code == message::SUCCESS, "the bind was refused")?;
        Ok(connection)
    }

    async fn ask(&mut self, query: &Query) -> io::Result<()> {
        // Beyond two bytes nothing would be learned.
        self.last_id = self.last_id % 30_000 + 1;
        let text = query.to_message(self.last_id, &self.cookie);
        self.stream.write_all(&text).await?;
        let (entries, code) = self.until(message::SEARCH_DONE).await?;
        let may_exceed = matches!(query, Query::Containing(..));
        let is_good =
            code == message::SUCCESS || (may_exceed && code == message::SIZE_LIMIT_EXCEEDED);
        expect(
            is_good,
            &format!("{query:?} was answered with the code {code}"),
        )?;
        expect(entries > 0, &format!("{query:?} found nobody"))
    }

    /// Reads up to the message of this kind: how many entries came before it, and its code.
    async fn until(&mut self, kind: u8) -> io::Result<(usize, u8)> {
        let mut entries = 0;
        loop {
            while let Some(element) = message::read(&self.received[self.start..]) {
                let said = message::said(element.content);
                let said = said.ok_or_else(|| io::Error::other("a message cannot be read"))?;
                let length = self.received.len() - self.start - element.rest.len();
                if said.kind == kind {
                    let code = said.code;
                    self.cookie = said.cookie.to_vec();
                    self.start += length;
                    return Ok((entries, code));
                }
                entries += usize::from(said.kind == message::SEARCH_ENTRY);
                self.start += length;
            }
            self.received.drain(..self.start);
            self.start = 0;
            let count = self.stream.read_buf(&mut self.received).await?;
            expect(count > 0, "it hung up")?;
        }
    }
}

fn expect(holds: bool, otherwise: &str) -> io::Result<()> {
    if holds {
        Ok(())
    } else {
        Err(io::Error::other(otherwise))
    }
}
