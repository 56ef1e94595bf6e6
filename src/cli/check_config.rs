//! `rollcall check-config`: what is in force, where it came from, and all that is wrong.

use serde_json::{Map, Value, json};

use crate::cli::config::{Loaded, Origin};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Key;
use crate::cli::waited_for;
use crate::store::{Condition, Store};

/// Prints the settings when none was refused; fails with everything that is wrong.
pub fn run(mut loaded: Loaded, output: &mut Output) -> Result<(), Failure> {
    let settings_are_right = loaded.problems.is_empty();
    let location = loaded.settings.location();
    let condition = waited_for(async { Ok(Store::inspect(&location).await) })?;
    if let Err(error) = &condition {
        loaded.problems.push(format!("database: {error}"));
    }
    if settings_are_right {
        let condition = condition.as_ref().ok().copied();
        if output.is_json() {
            output.line(&to_object(&loaded, condition).to_string())?;
        } else {
            print(&loaded, condition, output)?;
        }
    }
    match loaded.problems {
        problems if problems.is_empty() => Ok(()),
        problems => Err(Failure::Because(problems)),
    }
}

fn print(
    loaded: &Loaded,
    condition: Option<Condition>,
    output: &mut Output,
) -> Result<(), Failure> {
    match &loaded.file {
        Some(file) => output.line(&format!("# File: {}", file.display()))?,
        None => output.line("# No file of settings was named.")?,
    }
    let condition = match condition {
        Some(Condition::Absent) => "there is none yet, opening makes it",
        Some(Condition::Current) => "there, and of this release",
        Some(Condition::Outdated) => "of an earlier release, opening migrates it",
        None => "refused, see below",
    };
    output.line(&format!("# Database: {condition}."))?;
    for key in Key::ALL {
        let name = key.name();
        let value = loaded.settings.get(key);
        let origin = in_words(key, loaded.origin(key));
        output.line(&format!("{name} = {value} # {origin}"))?;
    }
    Ok(())
}

fn in_words(key: Key, origin: Origin) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::File(line) => format!("file, line {line}"),
        Origin::Environment => key.variable(),
        Origin::Flag => format!("--{}", key.name()),
    }
}

fn to_object(loaded: &Loaded, condition: Option<Condition>) -> Value {
    let mut settings = Map::new();
    let mut origins = Map::new();
    for key in Key::ALL {
        let value = match loaded.settings.get(key) {
            toml::Value::Boolean(truth) => Value::from(truth),
            toml::Value::Integer(number) => Value::from(number),
            other => Value::from(other.as_str()),
        };
        settings.insert(key.name().to_owned(), value);
        let origin = loaded.origin(key).name();
        origins.insert(key.name().to_owned(), origin.into());
    }
    json!({
        "settings": settings,
        "origins": origins,
        "file": loaded.file,
        "database": condition.map(|condition| match condition {
            Condition::Absent => "absent",
            Condition::Current => "current",
            Condition::Outdated => "outdated",
        }),
    })
}
