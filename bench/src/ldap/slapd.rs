//! OpenLDAP's server with the same people.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    people::{self, Person},
    port,
    process::{self, Cores, Running},
};

/// Where Debian keeps what slapd loads.
const SCHEMA: &str = "/etc/ldap/schema";
const MODULES: &str = "/usr/lib/ldap";

/// Where the people are.
pub const BASE: &str = "ou=people,dc=rollcall";

/// How a remark says what is indexed.
pub const INDEXES: &str = "slapd (mdb) indexes `objectClass`, `uid` and `entryUUID` for equality and `cn` \
                           and `sn` for substrings too";

/// Its database, loaded.
#[derive(Debug)]
pub struct Slapd {
    configuration: PathBuf,
}

/// It, running.
#[derive(Debug)]
pub struct RunningSlapd {
    /// Where it listens.
    pub address: String,
    /// The process.
    pub running: Running,
}

/// Which slapd this is; none when it is not installed.
pub fn version() -> Option<String> {
    let output = Command::new("slapd")
        .arg("-VV")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("slapd"))?;
    let words: Vec<&str> = line.split_whitespace().take(4).collect();
    let text = words.join(" ");
    Some(text.trim_start_matches("@(#) $").to_owned())
}

impl Slapd {
    /// Loads these people into a new directory.
    ///
    /// # Errors
    /// When slapadd fails.
    pub fn load(directory: &Path, people: &[Person]) -> Result<Self, String> {
        let failed = |error| format!("{}: {error}", directory.display());
        let data = directory.join("data");
        fs::create_dir_all(&data).map_err(failed)?;
        let configuration = directory.join("slapd.conf");
        fs::write(&configuration, configured(directory)).map_err(failed)?;
        let ldif = directory.join("people.ldif");
        fs::write(&ldif, people::to_ldif(people)).map_err(failed)?;
        let mut add = process::command(Cores::Any, "slapadd");
        add.arg("-q")
            .arg("-f")
            .arg(&configuration)
            .arg("-l")
            .arg(&ldif);
        process::printed(add)?;
        fs::remove_file(ldif).map_err(failed)?;
        Ok(Self { configuration })
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self, cores: Cores) -> Result<RunningSlapd, String> {
        let address = port::free()?;
        let mut command = process::command(cores, "slapd");
        command.arg("-f").arg(&self.configuration);
        command.args(["-h", &format!("ldap://{address}"), "-d", "0"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Running::start(command)?;
        running.until(|| TcpStream::connect(&address).is_ok())?;
        Ok(RunningSlapd { address, running })
    }
}

fn configured(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "include {SCHEMA}/core.schema\n\
         include {SCHEMA}/cosine.schema\n\
         include {SCHEMA}/inetorgperson.schema\n\
         modulepath {MODULES}\n\
         moduleload back_mdb\n\
         pidfile {directory}/pid\n\
         argsfile {directory}/args\n\
         loglevel 0\n\
         tool-threads 2\n\
         sizelimit unlimited\n\
         database mdb\n\
         suffix dc=rollcall\n\
         directory {directory}/data\n\
         maxsize 8589934592\n\
         index objectClass,uid,entryUUID eq\n\
         index cn,sn eq,sub\n\
         access to * by * read\n"
    )
}
