//! `rollcall backup` and `rollcall restore`: the whole database, to a file and back.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::store;

/// What `backup` takes.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The new file; it must not exist
    file: PathBuf,
}

/// What `restore` takes.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The backup
    file: PathBuf,
    /// Overwrite a database that exists
    #[arg(long)]
    force: bool,
}

/// Copies the database to a file.
pub fn backup(
    settings: &Settings,
    arguments: &BackupArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let file = &arguments.file;
    let location = settings.location();
    store::backup::backup(&location, file)?;
    let database = location.to_string();
    let bytes = size(file)?;
    let object = json!({ "file": file, "database": database, "bytes": bytes });
    output.say(&object, || {
        format!(
            "Backed {database} up to {}: {}",
            file.display(),
            in_words(bytes)
        )
    })
}

/// Puts a backup in the database's place.
pub fn restore(
    settings: &Settings,
    arguments: &RestoreArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let file = &arguments.file;
    let location = settings.location();
    store::backup::restore(file, &location, arguments.force)?;
    let bytes = size(location.file()?)?;
    let database = location.to_string();
    let object = json!({ "file": file, "database": database, "bytes": bytes });
    output.say(&object, || {
        format!(
            "Restored {database} from {}: {}",
            file.display(),
            in_words(bytes)
        )
    })
}

fn size(path: &Path) -> Result<u64, Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::of_file(path, &error))?;
    Ok(metadata.len())
}

fn in_words(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}
