//! What was measured, where, and with what.

use std::{fs, process::Command, thread, time::Duration};

use crate::{arguments::Run, ldap, nginx, oha, process, report::grouped, rollcall::Rollcall, wrk};

/// A machine that is left alone is idle for more than this, in percent of the time.
const IDLE_MIN: f64 = 85.0;

/// Lines of names and values.
///
/// # Errors
/// When the product is not there.
pub fn described(rollcall: &Rollcall, run: &Run) -> Result<Vec<(String, String)>, String> {
    let absent = || "not installed".to_owned();
    let postgres = printed(
        "sh",
        &["-c", "ls -d /usr/lib/postgresql/*/bin/postgres | tail -1"],
    );
    let postgres = postgres.and_then(|program| printed(&program, &["--version"]));
    let commit = printed("git", &["rev-parse", "--short=12", "HEAD"]);
    let changed = printed("git", &["status", "--porcelain", "--untracked-files=no"]);
    let changed = changed.is_some_and(|files| !files.is_empty());
    let commit = commit.map(|commit| commit + if changed { ", with changes" } else { "" });
    let lines = [
        ("Date", printed("date", &["-u", "+%F"])),
        (
            "Measured",
            Some(format!(
                "{}, commit {}",
                rollcall.version()?,
                commit.unwrap_or_default()
            )),
        ),
        (
            "Run",
            Some(format!(
                "{} users{}",
                grouped(run.users as f64),
                if run.quick { ", `--quick`" } else { "" }
            )),
        ),
        ("Processor", processor()),
        (
            "Memory",
            fs::read_to_string("/proc/meminfo")
                .ok()
                .and_then(|text| memory(&text)),
        ),
        ("Kernel", printed("uname", &["-sr"])),
        ("wrk", wrk::version()),
        ("oha", oha::version(&run.oha).or_else(|| Some(absent()))),
        ("nginx", nginx::version().or_else(|| Some(absent()))),
        ("slapd", ldap::version().or_else(|| Some(absent()))),
        ("PostgreSQL", postgres.or_else(|| Some(absent()))),
    ];
    let lines = lines.map(|(name, value)| {
        let value = value.unwrap_or_else(|| "not known".to_owned());
        (name.to_owned(), value)
    });
    Ok(lines.to_vec())
}

/// How the cores' time was spent since the machine started, of `/proc/stat`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    total: f64,
    idle: f64,
    stolen: f64,
}

impl Times {
    /// Up to now.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn now() -> Result<Self, String> {
        let text = fs::read_to_string("/proc/stat").map_err(|error| error.to_string())?;
        times(&text).ok_or_else(|| "/proc/stat cannot be read".to_owned())
    }

    /// The shares since then, in percent: idle, and taken by the hypervisor for other machines.
    fn since(self, then: Self) -> (f64, f64) {
        let share = |part: f64| 100.0 * part / (self.total - then.total).max(1.0);
        (
            share(self.idle - then.idle),
            share(self.stolen - then.stolen),
        )
    }
}

/// Looks for a second whether anybody else is at work, since figures beside other work are worth
/// nothing, and says so in the table.
///
/// # Errors
/// As [`Times::now`].
pub fn left_alone() -> Result<(String, String), String> {
    let before = Times::now()?;
    thread::sleep(Duration::from_secs(1));
    let (idle, _) = Times::now()?.since(before);
    let warning = if idle < IDLE_MIN {
        ": **somebody else was at work**"
    } else {
        ""
    };
    let value = format!("idle for {idle:.0} % of a second before the run{warning}");
    Ok(("Left alone".to_owned(), value))
}

/// How much of the run's time the hypervisor took away.
///
/// # Errors
/// As [`Times::now`].
pub fn stolen(start: Times) -> Result<f64, String> {
    let (_, stolen) = Times::now()?.since(start);
    Ok(stolen)
}

/// The first line: user, nice, system, idle, waiting for the disk, interrupts twice, stolen.
fn times(text: &str) -> Option<Times> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Option<Vec<f64>> = line
        .split_whitespace()
        .map(|word| word.parse().ok())
        .collect();
    let ticks = ticks?;
    Some(Times {
        total: ticks.iter().take(8).sum(),
        idle: ticks.get(3)? + ticks.get(4)?,
        stolen: *ticks.get(7)?,
    })
}

fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments);
    Some(process::printed(command).ok()?.trim().to_owned())
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let cores = text
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let model = text.lines().find(|line| line.starts_with("model name"))?;
    let (_, model) = model.split_once(": ")?;
    Some(format!("{model}, {cores} cores"))
}

/// What is in all, of `/proc/meminfo`.
fn memory(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} GiB", (kib + 512 * 1024) / (1024 * 1024)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_time_are_read_from_all_cores_together() {
        let before = times("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 1 1 1\n").expect("whole");
        let after = times("cpu  20 0 20 130 30 0 0 10 0 0\n").expect("whole");
        let (idle, stolen) = after.since(before);
        assert!((idle - 72.7).abs() < 0.1, "{idle}");
        assert!((stolen - 9.1).abs() < 0.1, "{stolen}");
        assert_eq!(times("cpu0 1 2 3\n"), None);
    }

    #[test]
    fn memory_is_rounded_to_gibibytes() {
        let text = "MemTotal:       24684096 kB\nMemFree: 1 kB\n";
        assert_eq!(memory(text).as_deref(), Some("24 GiB"));
    }
}
