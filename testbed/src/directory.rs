//! The directory of one server, and the user it belongs to.

use std::{
    env, fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown},
    path::{Path, PathBuf},
    process::{self, Command},
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

/// Where files are kept in memory on Linux, and how much must be free there: data that nobody wants
/// flushed is written twice as fast there, but a container's default of 64 MB would not hold it.
const MEMORY: &str = "/dev/shm";
const MEMORY_KIB_MIN: u64 = 4 * 1024 * 1024;

/// Where a server's data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// The directory for temporary files.
    Disk,
    /// Memory when there is plenty, unless `TMPDIR` says where temporary files belong.
    Memory,
}

/// Makes a new directory that only its owner may enter. Removing it is the supervisor's work, since
/// that one is there even when this process no longer is.
pub(crate) fn create(medium: Medium) -> Result<PathBuf, String> {
    let name = format!("rollcall-testbed-{}-{:08x}", process::id(), random() >> 32);
    let in_memory = medium == Medium::Memory && env::var_os("TMPDIR").is_none() && has_memory();
    let parent = if in_memory {
        MEMORY.into()
    } else {
        env::temp_dir()
    };
    let mut path = parent.join(&name);
    if path.as_os_str().len() > BYTES_MAX {
        path = Path::new("/tmp").join(&name);
    }
    let made = fs::DirBuilder::new().mode(0o700).create(&path);
    made.map_err(|error| format!("the directory {} cannot be made: {error}", path.display()))?;
    Ok(path)
}

fn has_memory() -> bool {
    let output = Command::new("df").args(["-Pk", MEMORY]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.is_ok_and(|text| free_kib(&text).is_some_and(|free| free >= MEMORY_KIB_MIN))
}

/// The fourth column of the second line that `df -Pk` prints.
fn free_kib(printed: &str) -> Option<u64> {
    let line = printed.lines().nth(1)?;
    line.split_whitespace().nth(3)?.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_read_from_what_df_prints() {
        let printed = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                       tmpfs         24684096 2240  24681856       1% /dev/shm\n";
        assert_eq!(free_kib(printed), Some(24_681_856));
        assert_eq!(free_kib(""), None);
    }

    #[test]
    fn what_is_to_be_on_the_disk_is_never_in_memory() {
        let path = create(Medium::Disk).expect("a temporary directory");
        fs::remove_dir(&path).expect("it is empty");
        assert!(!path.starts_with(MEMORY), "{}", path.display());
    }
}
