//! Load from wrk: as many requests as the server answers, over connections that are kept.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    http::Request,
    process::{self, Cores, Running},
};

const SCRIPT: &str = include_str!("wrk.lua");

/// What is asked: by so many, and in which order.
#[derive(Debug, Clone)]
pub struct Load {
    address: String,
    requests: PathBuf,
    connections: usize,
    threads: usize,
    cores: Cores,
    values: Vec<String>,
    step: usize,
    pause_ms: usize,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Answers a second.
    pub per_second: f64,
    /// Half of the answers came within this time.
    pub p50_ms: f64,
    /// All but one of a hundred came within this time.
    pub p99_ms: f64,
    /// How long it went on.
    pub duration_s: f64,
}

impl Load {
    /// 64 connections that ask these requests one after the other, again and again. `file` takes
    /// them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn of(address: &str, requests: &[Request], file: &Path) -> Result<Self, String> {
        let mut text = String::new();
        for request in requests {
            text += &request.text(address);
            text.push('\0');
        }
        let written = fs::write(file, text);
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self {
            address: address.to_owned(),
            requests: file.to_owned(),
            connections: 64,
            threads: 1,
            cores: process::LOAD,
            values: Vec::new(),
            step: 0,
            pause_ms: 0,
        })
    }

    /// From all cores, by two threads.
    pub fn unpinned(mut self) -> Self {
        self.threads = 2;
        self.cores = Cores::Any;
        self
    }

    /// Over so many connections.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// With these values, in turn, in the place of each byte 1 of a request. `step` is how far the
    /// next request is ahead of this one; with 0 all requests have the first one before any has the
    /// second.
    pub fn values(mut self, values: Vec<String>, step: usize) -> Self {
        self.values = values;
        self.step = step;
        self
    }

    /// Each connection pauses for this long before it asks again.
    pub fn pause_ms(mut self, pause_ms: usize) -> Self {
        self.pause_ms = pause_ms;
        self
    }

    /// Runs it. `round` differs between rounds whose values must differ.
    ///
    /// # Errors
    /// When wrk fails, or any answer was an error.
    pub fn run(&self, duration: Duration, round: usize) -> Result<Outcome, String> {
        self.start(round)?.finish(duration)
    }

    /// Starts it, and returns once requests are being sent.
    ///
    /// # Errors
    /// When wrk fails.
    pub fn start(&self, round: usize) -> Result<Started, String> {
        let script = self.requests.with_extension("lua");
        let values = self.values.iter().map(|value| format!("\"{value}\","));
        let text = SCRIPT
            .replace("REQUESTS", &self.requests.display().to_string())
            .replace("VALUES", &values.collect::<String>())
            .replace("FIRST_CYCLE", &round.to_string())
            .replace("STEP", &self.step.to_string())
            .replace("THREADS", &self.threads.to_string())
            .replace("PAUSE_MS", &self.pause_ms.to_string());
        fs::write(&script, text).map_err(|error| format!("{}: {error}", script.display()))?;
        // wrk counts in whole seconds, so it is told to stop instead. It says when it has begun,
        // and `stdbuf` has it say so at once.
        let mut command = process::command(self.cores, "stdbuf");
        command
            .args(["-oL", "wrk", "--latency", "--timeout", "30s", "-d", "1h"])
            .arg(format!("-t{}", self.threads))
            .arg(format!("-c{}", self.connections))
            .arg("-s")
            .arg(&script)
            .arg(format!("http://{}", self.address))
            .stdout(Stdio::piped());
        let mut running = Running::start(command)?;
        let (first, reader) = running.first_line()?;
        if !first.starts_with("Running") {
            return Err(format!("wrk: {first}"));
        }
        Ok(Started {
            running,
            output: Box::new(reader),
        })
    }
}

/// wrk at work.
pub struct Started {
    running: Running,
    output: Box<dyn Read>,
}

impl Started {
    /// Lets it go on for this long, and stops it.
    ///
    /// # Errors
    /// When any answer was an error.
    pub fn finish(mut self, duration: Duration) -> Result<Outcome, String> {
        thread::sleep(duration);
        // Again until it has ended: one that comes before wrk has gone to sleep does not wake it.
        while self.running.is_running() {
            self.running.signal("INT");
            thread::sleep(Duration::from_millis(20));
        }
        let mut text = String::new();
        let read = self.output.read_to_string(&mut text);
        read.map_err(|error| format!("wrk: {error}"))?;
        self.running.wait()?;
        outcome(&text)
    }
}

/// Which wrk this is.
pub fn version() -> Option<String> {
    // It prints its version and how it is used, and fails.
    let output = Command::new("wrk").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next()?;
    Some(line.split(" [").next()?.to_owned())
}

pub fn outcome(text: &str) -> Result<Outcome, String> {
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    let line = line.ok_or_else(|| format!("wrk printed no result: {text}"))?;
    let result: Value = serde_json::from_str(line).map_err(|error| format!("wrk: {error}"))?;
    let number = |name: &str| result[name].as_f64().ok_or(format!("wrk: no {name}"));
    let (failed, refused) = (number("failed")?, number("refused")?);
    if failed + refused > 0.0 {
        return Err(format!(
            "of the answers {refused} were errors, and {failed} requests failed: nothing of this \
             run counts"
        ));
    }
    let requests = number("requests")?;
    if requests < 1.0 {
        return Err("nothing was answered in time".to_owned());
    }
    let duration_s = number("duration_us")? / 1e6;
    Ok(Outcome {
        per_second: requests / duration_s,
        p50_ms: number("p50_us")? / 1e3,
        p99_ms: number("p99_us")? / 1e3,
        duration_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"RESULT {"requests":3000,"duration_us":1500000,"failed":0,"refused":0,"p50_us":250,"p99_us":1000}"#;

    #[test]
    fn the_outcome_is_read_from_what_wrk_prints() {
        let text = format!("  1 threads and 64 connections\n{LINE}\n");
        let expected = Outcome {
            per_second: 2000.0,
            p50_ms: 0.25,
            p99_ms: 1.0,
            duration_s: 1.5,
        };
        assert_eq!(outcome(&text), Ok(expected));
    }

    #[test]
    fn one_error_spoils_all() {
        for field in ["failed", "refused"] {
            let text = LINE.replace(&format!("\"{field}\":0"), &format!("\"{field}\":1"));
            assert!(outcome(&text).is_err(), "{field}");
        }
        let nothing = LINE.replace("\"requests\":3000", "\"requests\":0");
        assert!(outcome(&nothing).is_err());
        assert!(outcome("Running 1h test").is_err());
    }
}
