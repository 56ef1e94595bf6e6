//! What was measured, where, and with what.

use std::{fs, process::Command};

use crate::{arguments::Run, ldap, nginx, oha, process, rollcall::Rollcall, wrk};

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
                run.users,
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
    fn memory_is_rounded_to_gibibytes() {
        let text = "MemTotal:       24684096 kB\nMemFree: 1 kB\n";
        assert_eq!(memory(text).as_deref(), Some("24 GiB"));
    }
}
