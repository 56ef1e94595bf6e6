//! The request log when it cannot write as fast as it is told to, or not at all.

use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::time::Duration;

use rollcall::http::metrics::Metrics;
use rollcall::http::request_log::{Entry, RECORDS_MAX, RequestLog, RequestLogMode};
use rollcall::model::timestamp::Timestamp;

use crate::Lines;

/// A writer that says when it is asked to write, and then waits until it may.
struct Gate {
    asked: mpsc::Sender<()>,
    may: mpsc::Receiver<()>,
    lines: Lines,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked.send(()).unwrap();
        // Its end is leave for all the rest.
        let _ = self.may.recv();
        self.lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn entry(status: u16) -> Entry<'static> {
    Entry {
        at: Timestamp::from_milliseconds(0),
        request_id: "id",
        method: "GET",
        path: "/",
        route: "/",
        status,
        duration: Duration::ZERO,
        peer: Ipv4Addr::LOCALHOST.into(),
        reason: None,
    }
}

#[test]
fn what_a_slow_log_cannot_take_is_dropped_and_counted_and_the_rest_is_written() {
    let metrics = Metrics::new();
    let (asked, was_asked) = mpsc::channel();
    let (leave, may) = mpsc::channel();
    let lines = Lines::default();
    let gate = Gate {
        asked,
        may,
        lines: lines.clone(),
    };
    let dropped = metrics.dropped_log_lines();
    let log = RequestLog::start(RequestLogMode::All, Box::new(gate), dropped).unwrap();
    log.record(&entry(500));
    was_asked.recv().unwrap();
    for _ in 0..RECORDS_MAX + 7 {
        log.record(&entry(200));
    }
    assert!(
        metrics
            .render()
            .contains("rollcall_request_log_dropped_total 7\n")
    );
    drop(leave);
    log.close();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), RECORDS_MAX + 1);
    log.record(&entry(200));
    assert!(
        metrics
            .render()
            .contains("rollcall_request_log_dropped_total 8\n")
    );
}

/// A writer whose other end is gone.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_that_cannot_be_written_are_counted_as_dropped() {
    let metrics = Metrics::new();
    let dropped = metrics.dropped_log_lines();
    let log = RequestLog::start(RequestLogMode::Errors, Box::new(Broken), dropped).unwrap();
    log.record(&entry(200));
    log.record(&entry(500));
    log.record(&entry(503));
    drop(log);
    assert!(
        metrics
            .render()
            .contains("rollcall_request_log_dropped_total 2\n")
    );
}
