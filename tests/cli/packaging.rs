//! What is shipped beside the binary (a unit, an image, a compose file, the documents): that it names
//! settings, commands and files that there are. Nothing here starts a container or a unit.

use std::path::{Path, PathBuf};

use clap::Parser;
use rollcall::cli::arguments::{Arguments, Command};
use rollcall::cli::settings::{Key, Settings};

use crate::shell::CLIENT;

const SHIPPED: [&str; 3] = ["Dockerfile", "compose.yaml", "packaging/rollcall.service"];
const DOCUMENTS: [&str; 8] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs/import.md",
    "docs/migrate.md",
    "docs/operations.md",
    "docs/provisioning.md",
];

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(place(name)).unwrap()
}

/// The words of a text that begin with `ROLLCALL_`.
fn variables(text: &str) -> Vec<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
    words.filter(|word| word.starts_with("ROLLCALL_")).collect()
}

#[test]
fn every_variable_that_is_shipped_is_a_setting() {
    for name in SHIPPED.into_iter().chain(DOCUMENTS) {
        // Two are for the tests.
        let known = [
            "ROLLCALL_CONFIG",
            "ROLLCALL_ADVISORIES",
            "ROLLCALL_TEST_POSTGRES",
        ];
        for variable in variables(&text(name)) {
            let is_setting = Key::ALL.iter().any(|key| key.variable() == variable);
            assert!(
                is_setting || known.contains(&variable),
                "{name}: {variable}"
            );
        }
    }
    assert!(variables(&text("compose.yaml")).contains(&"ROLLCALL_DATABASE"));
}

#[test]
fn the_unit_outlasts_a_shutdown_and_has_a_file_for_each_connection() {
    let unit = text("packaging/rollcall.service");
    let value = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|line| line.strip_prefix('=')).unwrap()
    };
    let settings = Settings::default();
    assert!(value("TimeoutStopSec").parse::<u64>().unwrap() > settings.shutdown_timeout_s + 1);
    assert!(value("LimitNOFILE").parse::<usize>().unwrap() > settings.connections_max + 1_000);
    let started = Arguments::try_parse_from(value("ExecStart").split(' ')).unwrap();
    assert!(matches!(started.command, Command::Serve(_)));
}

#[test]
fn the_commands_of_the_documents_are_commands() {
    let mut commands = 0;
    for name in [
        "README.md",
        "docs/migrate.md",
        "docs/operations.md",
        "docs/provisioning.md",
    ] {
        let text = text(name);
        let blocks = text.split("```console\n").skip(1);
        let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or("").lines());
        for line in lines {
            let words = line
                .split_whitespace()
                .skip_while(|word| word.starts_with("ROLLCALL_"));
            let words = words.take_while(|word| !["|", ">", "&", "#"].contains(word));
            let words = words.map(|word| match word {
                "ID" | "<id>" | "USER" => CLIENT,
                word => word.trim_matches('"'),
            });
            let words: Vec<&str> = words.collect();
            if words.first() == Some(&"rollcall") {
                commands += 1;
                if let Err(error) = Arguments::try_parse_from(words) {
                    panic!("{name}: {line}: {error}");
                }
            }
        }
    }
    assert!(commands > 10, "{commands}");
}

#[test]
fn the_links_of_the_documents_lead_somewhere() {
    for name in DOCUMENTS {
        let text = text(name);
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            let target = match path {
                "" => place(name),
                path => place(name).parent().unwrap().join(path),
            };
            assert!(target.exists(), "{name}: {link}");
            if !heading.is_empty() {
                let target = std::fs::read_to_string(target).unwrap();
                assert!(
                    anchors(&target).any(|anchor| anchor == heading),
                    "{name}: {link}"
                );
            }
        }
    }
}

/// How the headings of a document are named in links.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|letter| letter.is_alphanumeric() || [' ', '-'].contains(letter));
        kept.collect::<String>().replace(' ', "-")
    })
}
