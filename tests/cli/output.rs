//! Standard output, whoever reads it.

use std::path::Path;

use crate::shell::Shell;

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let shell = Shell::with_client();
    for line in [
        "client list",
        "client list --json",
        "completions bash",
        "check-config",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = shell.command(line).stdout(writer).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), error.as_str()),
            (Some(0), ""),
            "{line}"
        );
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        // Only Linux has the device.
        return;
    }
    let shell = Shell::with_client();
    let device = std::fs::File::options().write(true).open(full).unwrap();
    let output = shell
        .command("client list")
        .stdout(device)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("error: cannot write to standard output"),
        "{error}"
    );
}

#[test]
fn completions_know_the_commands() {
    let shell = Shell::new();
    for name in ["bash", "zsh", "fish"] {
        let script = shell.text(&format!("completions {name}"));
        assert!(
            script.contains("check-config") && script.contains("restore"),
            "{name}"
        );
    }
    shell.usage_error("completions dos");
}
