//! Where PostgreSQL's programs are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::directory::Account;

/// The oldest version that Rollcall supports.
const VERSION_MIN: u32 = 15;

/// Debian and its relatives keep each version in a directory of its own, out of `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// PostgreSQL refuses to run as root, so then it runs as the user that its package makes.
const USER: &str = "postgres";

/// The directory of one version's programs.
pub(super) struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// The newest version that is installed; Debian's first, then the one in `PATH`.
    pub(super) fn find() -> Result<Self, String> {
        let directory = newest_below(Path::new(DEBIAN)).or_else(in_path);
        let directory = directory.ok_or_else(|| {
            format!(
                "PostgreSQL {VERSION_MIN} or newer is needed and was not found: install it \
                 (Debian: `apt-get install postgresql`), or put its `pg_config` in PATH"
            )
        })?;
        Ok(Self { directory })
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }
}

/// The account that the server runs under when this process is root's.
pub(super) fn account() -> Result<Account, String> {
    let number = |flag| {
        let text = printed(Command::new("id").args([flag, USER]));
        text.and_then(|text| text.parse().ok()).ok_or_else(|| {
            format!("PostgreSQL cannot run as root, and there is no user `{USER}` to run it")
        })
    };
    Ok(Account {
        user: number("-u")?,
        group: number("-g")?,
    })
}

fn newest_below(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?.filter_map(Result::ok);
    let found = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let directory = entry.path().join("bin");
        // A version that is only a client here has no `initdb`.
        let whole = version >= VERSION_MIN && directory.join("initdb").exists();
        whole.then_some((version, directory))
    });
    found.max().map(|(_, directory)| directory)
}

fn in_path() -> Option<PathBuf> {
    let directory = PathBuf::from(printed(Command::new("pg_config").arg("--bindir"))?);
    let version = printed(Command::new(directory.join("postgres")).arg("--version"))?;
    (major(&version)? >= VERSION_MIN && directory.join("initdb").exists()).then_some(directory)
}

/// The number in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, or in `… 17beta1`.
fn major(printed: &str) -> Option<u32> {
    let version = printed.split(' ').nth(2)?;
    let end = version.find(|character: char| !character.is_ascii_digit());
    version[..end.unwrap_or(version.len())].parse().ok()
}

/// What a command prints, when it can be started and succeeds.
fn printed(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_postgres_prints() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("postgres"), None);
    }

    #[test]
    fn the_newest_whole_version_is_taken() {
        let root = crate::directory::create().expect("a temporary directory");
        for (version, program) in [("9.6", "initdb"), ("14", "initdb"), ("15", "initdb")]
            .into_iter()
            .chain([("16", "initdb"), ("17", "psql")])
        {
            let bin = root.join(version).join("bin");
            fs::create_dir_all(&bin).expect("made");
            fs::write(bin.join(program), "").expect("written");
        }
        let newest = newest_below(&root);
        fs::remove_dir_all(&root).expect("removed");
        assert_eq!(newest, Some(root.join("16/bin")));
        assert_eq!(newest_below(Path::new("/nowhere")), None);
    }
}
