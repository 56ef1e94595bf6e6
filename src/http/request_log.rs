//! The request log: one JSON object a line for each request.
//!
//! A line a request costs more than half of a server's throughput when it is written where it
//! arises. Here a request only copies its few facts into a buffer; a thread of its own turns them
//! into text and writes many at once. When that thread cannot keep up, lines are dropped and
//! counted: the log never makes a request wait. It holds no query strings, headers or tokens.

use std::io::{self, Write};
use std::mem;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use metrics::Counter;
use parking_lot::{Condvar, Mutex};
use percent_encoding::percent_decode_str;

use crate::model::timestamp::Timestamp;
use crate::operations::error::Error;

/// How many requests may wait to be written.
pub const RECORDS_MAX: usize = 65_536;
/// How many bytes of ids, paths and reasons may wait with them.
const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most of one path or reason that is kept.
const TEXT_LENGTH_MAX: usize = 2_048;
/// How long the writer gathers lines before it writes them.
const GATHER: Duration = Duration::from_millis(100);
/// How much is written at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// So many letters and digits after `rc_` are taken for a token, or for most of one.
const SECRET_LENGTH_MIN: usize = 20;
/// A request that takes this long is worth a line even where only errors are.
const SLOW: Duration = Duration::from_secs(1);

/// Why an answer is a 500 or a 503, for the log alone: an extension of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReason(pub String);

impl FailureReason {
    /// The reason that an error keeps from its caller; `None` when it keeps none.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Internal(reason) | Error::Unavailable(reason) => Some(Self(reason.clone())),
            _ => None,
        }
    }
}

/// Which requests get a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestLogMode {
    /// Every request.
    All,
    /// Those answered with 500 and above, and those that took longer than a second.
    #[default]
    Errors,
    /// None.
    Off,
}

impl RequestLogMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::All, Self::Errors, Self::Off];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Errors => "errors",
            Self::Off => "off",
        }
    }

    /// Whether such a request gets a line.
    pub fn wants(self, status: u16, duration: Duration) -> bool {
        match self {
            Self::All => true,
            Self::Errors => status >= 500 || duration > SLOW,
            Self::Off => false,
        }
    }
}

/// What the log tells of a request.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// When it was answered.
    pub at: Timestamp,
    /// Its id.
    pub request_id: &'a str,
    /// Its method, by [`super::metrics::method_label`].
    pub method: &'static str,
    /// Its path as it was sent, without the query.
    pub path: &'a str,
    /// The template that it matched.
    pub route: &'a str,
    /// The answer's status.
    pub status: u16,
    /// From its head to the answer's.
    pub duration: Duration,
    /// Who is at the other end of the connection.
    pub peer: IpAddr,
    /// Why it failed.
    pub reason: Option<&'a str>,
}

/// The facts of one request; its texts lie one after the other in [`Waiting::text`].
struct Record {
    at: Timestamp,
    duration: Duration,
    method: &'static str,
    peer: IpAddr,
    status: u16,
    request_id: Range<usize>,
    path: Range<usize>,
    route: Range<usize>,
    reason: Option<Range<usize>>,
}

/// What waits to be written.
#[derive(Default)]
struct Waiting {
    records: Vec<Record>,
    text: String,
    /// Whether somebody must not wait for the gathering to end.
    is_urgent: bool,
    is_closed: bool,
}

impl Waiting {
    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text
            .push_str(&text[..text.floor_char_boundary(TEXT_LENGTH_MAX)]);
        start..self.text.len()
    }

    fn push(&mut self, entry: &Entry<'_>) {
        let record = Record {
            at: entry.at,
            duration: entry.duration,
            method: entry.method,
            peer: entry.peer,
            status: entry.status,
            request_id: self.keep(entry.request_id),
            path: self.keep(entry.path),
            route: self.keep(entry.route),
            reason: entry.reason.map(|reason| self.keep(reason)),
        };
        self.records.push(record);
    }
}

struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: Counter,
}

/// The log of one server.
pub struct RequestLog {
    mode: RequestLogMode,
    shared: Arc<Shared>,
    writing: Mutex<Option<JoinHandle<()>>>,
}

impl RequestLog {
    /// Starts a log that writes to `writer` and counts in `dropped` what it could not write. An
    /// error says that the system has no thread for it.
    pub fn start(
        mode: RequestLogMode,
        writer: Box<dyn Write + Send>,
        dropped: Counter,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            dropped,
        });
        let writing = if mode == RequestLogMode::Off {
            None
        } else {
            let shared = Arc::clone(&shared);
            let writing = thread::Builder::new().name("request-log".into());
            Some(writing.spawn(move || write_until_closed(&shared, writer))?)
        };
        Ok(Self {
            mode,
            shared,
            writing: Mutex::new(writing),
        })
    }

    /// Whether such a request gets a line.
    pub fn wants(&self, status: u16, duration: Duration) -> bool {
        self.mode.wants(status, duration)
    }

    /// Hands a request over, if the log is to have it. Never waits for the writing.
    pub fn record(&self, entry: &Entry<'_>) {
        if !self.wants(entry.status, entry.duration) {
            return;
        }
        let mut waiting = self.shared.waiting.lock();
        let is_full = waiting.records.len() >= RECORDS_MAX || waiting.text.len() >= TEXT_BYTES_MAX;
        if is_full || waiting.is_closed {
            drop(waiting);
            self.shared.dropped.increment(1);
            return;
        }
        waiting.push(entry);
        // The writer is woken for the first of many lines, not for each: waking costs the waker.
        let is_urgent = entry.status >= 500 || waiting.records.len() >= RECORDS_MAX / 2;
        let wakes = waiting.records.len() == 1 || (is_urgent && !waiting.is_urgent);
        waiting.is_urgent |= is_urgent;
        drop(waiting);
        if wakes {
            self.shared.changed.notify_one();
        }
    }

    /// Writes what waits, and ends. Blocks until that is done; what comes later is dropped.
    pub fn close(&self) {
        self.shared.waiting.lock().is_closed = true;
        self.shared.changed.notify_one();
        let writing = self.writing.lock().take();
        // A writer that panicked has said so; there is nothing left to wait for.
        let _ = writing.map(JoinHandle::join);
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_until_closed(shared: &Shared, mut writer: Box<dyn Write + Send>) {
    let mut batch = Waiting::default();
    let mut formatter = Formatter::default();
    loop {
        let mut waiting = shared.waiting.lock();
        while waiting.records.is_empty() && !waiting.is_closed {
            shared.changed.wait(&mut waiting);
        }
        if waiting.records.is_empty() {
            return;
        }
        if !waiting.is_urgent && !waiting.is_closed {
            let is_gathering = |waiting: &mut Waiting| !waiting.is_urgent && !waiting.is_closed;
            shared
                .changed
                .wait_while_for(&mut waiting, is_gathering, GATHER);
        }
        batch.is_closed = waiting.is_closed;
        mem::swap(&mut batch, &mut waiting);
        drop(waiting);
        let unwritten = write_batch(&batch, &mut formatter, &mut *writer);
        shared.dropped.increment(unwritten as u64);
        batch.records.clear();
        batch.text.clear();
        batch.is_urgent = false;
    }
}

/// Writes all lines of a batch, and says how many it could not.
fn write_batch(batch: &Waiting, formatter: &mut Formatter, writer: &mut dyn Write) -> usize {
    let mut lines = Vec::with_capacity(CHUNK_BYTES);
    let (mut in_chunk, mut unwritten) = (0, 0);
    for (index, record) in batch.records.iter().enumerate() {
        formatter.line(record, &batch.text, &mut lines);
        in_chunk += 1;
        // A kilobyte is left for the next line, so that the chunk seldom grows.
        if lines.len() + 1024 > CHUNK_BYTES || index + 1 == batch.records.len() {
            let written = writer.write_all(&lines).and_then(|()| writer.flush());
            unwritten += if written.is_err() { in_chunk } else { 0 };
            lines.clear();
            in_chunk = 0;
        }
    }
    unwritten
}

/// Makes lines; remembers the last moment's text, because many requests share a millisecond.
struct Formatter {
    moment: Timestamp,
    moment_text: String,
}

impl Default for Formatter {
    fn default() -> Self {
        let moment = Timestamp::from_milliseconds(0);
        Self {
            moment,
            moment_text: moment.with_milliseconds(),
        }
    }
}

impl Formatter {
    fn line(&mut self, record: &Record, text: &str, line: &mut Vec<u8>) {
        if record.at != self.moment {
            self.moment = record.at;
            self.moment_text = record.at.with_milliseconds();
        }
        let level = if record.status >= 500 {
            "error"
        } else {
            "info"
        };
        let microseconds = record.duration.as_micros();
        let result = (|| {
            write!(
                line,
                r#"{{"timestamp":"{}","level":"{level}","request_id":"#,
                self.moment_text
            )?;
            quote(&text[record.request_id.clone()], line)?;
            write!(line, r#","method":"{}","path":"#, record.method)?;
            quote(&masked(&text[record.path.clone()]), line)?;
            line.write_all(br#","route":"#)?;
            quote(&text[record.route.clone()], line)?;
            write!(
                line,
                r#","status":{},"duration_ms":{}.{:03},"peer":"{}""#,
                record.status,
                microseconds / 1000,
                microseconds % 1000,
                record.peer
            )?;
            if let Some(reason) = &record.reason {
                line.write_all(br#","reason":"#)?;
                quote(&text[reason.clone()], line)?;
            }
            line.write_all(b"}\n")
        })();
        result.expect("a Vec takes all that is written to it");
    }
}

fn quote(text: &str, line: &mut Vec<u8>) -> io::Result<()> {
    Ok(serde_json::to_writer(line, text)?)
}

/// The path, each of its segments that might be or hold a token replaced by `rc_***`.
pub(super) fn masked(path: &str) -> std::borrow::Cow<'_, str> {
    if !path.split('/').any(may_be_secret) {
        return path.into();
    }
    let segments = path.split('/').map(|segment| {
        if may_be_secret(segment) {
            "rc_***"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/").into()
}

/// Whether a text begins like one of our tokens or holds what looks like one, percent-encoded or
/// not. A mistyped token is most of a token, so no checksum is asked for.
pub(super) fn may_be_secret(text: &str) -> bool {
    if !text.contains("rc_") && !text.contains('%') {
        return false;
    }
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let holds_secret = |(start, prefix): (usize, &str)| {
        let rest = decoded[start + prefix.len()..].bytes();
        rest.take_while(u8::is_ascii_alphanumeric).count() >= SECRET_LENGTH_MIN
    };
    decoded.starts_with("rc_") || decoded.match_indices("rc_").any(holds_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_token_is_masked_and_names_are_not() {
        for (path, shown) in [
            ("/v2/clients/1/users", "/v2/clients/1/users"),
            ("/users/marc_miller", "/users/marc_miller"),
            ("/rc_0123/users", "/rc_***/users"),
            ("/users/rc_", "/users/rc_***"),
            ("/%72c_0123/users", "/rc_***/users"),
            ("/x=rc_0123456789abcdefghijABCDEFGHIJ/y", "/rc_***/y"),
            ("/100%25/y", "/100%25/y"),
        ] {
            assert_eq!(masked(path), shown);
        }
    }

    #[test]
    fn modes_are_read_and_choose() {
        let second = Duration::from_secs(1);
        for (text, mode, ok, slow, failed) in [
            ("all", RequestLogMode::All, true, true, true),
            ("errors", RequestLogMode::Errors, false, true, true),
            ("off", RequestLogMode::Off, false, false, false),
        ] {
            assert_eq!(mode.name(), text);
            assert_eq!(mode.wants(404, second), ok);
            assert_eq!(mode.wants(200, second * 2), slow);
            assert_eq!(mode.wants(500, Duration::ZERO), failed);
        }
    }
}
