//! The directory of one server, and the user it belongs to.

use std::{
    env, fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown},
    path::{Path, PathBuf},
    process,
};

use crate::free_port::random;

/// A unix socket's whole path has at most 107 bytes, of which its name needs about 20.
const BYTES_MAX: usize = 80;

/// A user of the system, by number.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

/// Makes a new directory that only its owner may enter. Removing it is the supervisor's work, since
/// that one is there even when this process no longer is.
pub(crate) fn create() -> Result<PathBuf, String> {
    let name = format!("rollcall-testbed-{}-{:08x}", process::id(), random() as u32);
    let mut path = env::temp_dir().join(&name);
    if path.as_os_str().len() > BYTES_MAX {
        path = Path::new("/tmp").join(&name);
    }
    let made = fs::DirBuilder::new().mode(0o700).create(&path);
    made.map_err(|error| format!("the directory {} cannot be made: {error}", path.display()))?;
    Ok(path)
}

/// Whether this process runs as root; what it makes then belongs to root.
pub(crate) fn is_roots(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.uid() == 0)
}

/// Gives a file or directory to an account.
pub(crate) fn give(path: &Path, account: Account) -> Result<(), String> {
    let given = chown(path, Some(account.user), Some(account.group));
    given.map_err(|error| format!("{} cannot change owner: {error}", path.display()))
}

/// Writes a file that only its owner may read, as PostgreSQL demands of a private key.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), String> {
    // Removed first: one that is there already would keep its mode.
    let _ = fs::remove_file(path);
    let opened = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = opened.and_then(|mut file| file.write_all(content.as_bytes()));
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
