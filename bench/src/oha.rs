//! Load from oha: at a given rate, whatever the server does, so that a pause is seen by everybody
//! who would have asked meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::process;

/// URLs, one a line, and who asks for them.
#[derive(Debug, Clone)]
pub struct Load {
    program: PathBuf,
    urls: PathBuf,
    token: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Answers a second.
    pub per_second: f64,
    /// Half of the answers came within this time after they should have been asked for.
    pub p50_ms: f64,
    /// All but one of a hundred did.
    pub p99_ms: f64,
    /// All but one of a thousand did.
    pub p999_ms: f64,
}

impl Load {
    /// These paths of a server, from 64 connections. `file` takes the URLs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn of<'a>(
        program: &Path,
        address: &str,
        paths: impl Iterator<Item = &'a str>,
        token: &str,
        file: &Path,
    ) -> Result<Self, String> {
        let urls: Vec<String> = paths
            .map(|path| format!("http://{address}{path}"))
            .collect();
        let written = fs::write(file, urls.join("\n"));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self {
            program: program.to_owned(),
            urls: file.to_owned(),
            token: token.to_owned(),
        })
    }

    /// Runs it at this many requests a second; without a rate, as many as are answered.
    ///
    /// # Errors
    /// When oha fails, or any answer was an error.
    pub fn run(&self, rate: Option<f64>, duration: Duration) -> Result<Outcome, String> {
        let mut command = process::command(process::LOAD, &self.program);
        command.args(["--no-tui", "--output-format", "json", "-c", "64"]);
        command.args(["-z", &format!("{}ms", duration.as_millis())]);
        command.arg("--wait-ongoing-requests-after-deadline");
        command.args(["-H", &format!("Authorization: Bearer {}", self.token)]);
        if let Some(rate) = rate {
            command.args(["-q", &format!("{rate:.0}"), "--latency-correction"]);
        }
        command.arg("--urls-from-file").arg(&self.urls);
        outcome(&process::printed(command)?)
    }
}

/// Which oha this is; none when it is not there.
pub fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let result: Value = serde_json::from_str(text).map_err(|error| format!("oha: {error}"))?;
    let number = |pointer: &str| {
        let number = result.pointer(pointer).and_then(Value::as_f64);
        number.ok_or_else(|| format!("oha: no {pointer}"))
    };
    let errors = result["errorDistribution"].as_object();
    let statuses = result["statusCodeDistribution"].as_object();
    let mut statuses = statuses.into_iter().flatten();
    if errors.is_some_and(|errors| !errors.is_empty()) || statuses.any(|(code, _)| code != "200") {
        return Err(format!(
            "there were errors, so nothing of this run counts: {} {}",
            result["errorDistribution"], result["statusCodeDistribution"]
        ));
    }
    Ok(Outcome {
        per_second: number("/summary/requestsPerSec")?,
        p50_ms: number("/latencyPercentiles/p50")? * 1e3,
        p99_ms: number("/latencyPercentiles/p99")? * 1e3,
        p999_ms: number("/latencyPercentiles/p99.9")? * 1e3,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed() -> Value {
        json!({
            "summary": { "requestsPerSec": 1990.5 },
            "latencyPercentiles": { "p50": 0.0005, "p99": 0.002, "p99.9": 0.25 },
            "statusCodeDistribution": { "200": 1998 },
            "errorDistribution": {},
        })
    }

    #[test]
    fn the_outcome_is_read_from_what_oha_prints() {
        let expected = Outcome {
            per_second: 1990.5,
            p50_ms: 0.5,
            p99_ms: 2.0,
            p999_ms: 250.0,
        };
        assert_eq!(outcome(&printed().to_string()), Ok(expected));
    }

    #[test]
    fn one_error_spoils_all() {
        for (field, name) in [
            ("statusCodeDistribution", "429"),
            ("errorDistribution", "reset"),
        ] {
            let mut result = printed();
            result[field][name] = 1.into();
            assert!(outcome(&result.to_string()).is_err(), "{field}");
        }
    }
}
