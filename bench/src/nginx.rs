//! nginx, which answers with a file.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    port,
    process::{self, Cores, Running},
};

/// What the file's path begins with; what was asked of us stands behind it, and is not read.
pub const PREFIX: &str = "/user.json?";

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    /// Where it listens.
    pub address: String,
    /// Its worker does the work, so nobody asks this one how long it computed.
    _running: Running,
}

/// Which nginx this is; none when it is not installed.
pub fn version() -> Option<String> {
    let output = Command::new("nginx").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(text.trim().trim_start_matches("nginx version: ").to_owned())
}

impl Nginx {
    /// Starts one that answers with these bytes. It gets one worker, or unpinned one a core.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(directory: &Path, body: &[u8], cores: Cores) -> Result<Self, String> {
        let failed = |error| format!("{}: {error}", directory.display());
        fs::create_dir_all(directory).map_err(failed)?;
        fs::write(directory.join("user.json"), body).map_err(failed)?;
        // Its worker is another user's when root starts it, and must reach the file.
        let address = port::free()?;
        let configuration = directory.join("nginx.conf");
        let text = configured(directory, &address, cores);
        fs::write(&configuration, text).map_err(failed)?;
        let mut command = process::command(cores, "nginx");
        command
            .arg("-p")
            .arg(directory)
            .arg("-c")
            .arg(&configuration);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Running::start(command)?;
        running.until(|| TcpStream::connect(&address).is_ok())?;
        Ok(Self {
            address,
            _running: running,
        })
    }
}

fn configured(directory: &Path, address: &str, cores: Cores) -> String {
    let directory = directory.display();
    let workers = if cores == Cores::Any { "auto" } else { "1" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {directory}/{name};\n"))
        .concat();
    format!(
        "daemon off;\n\
         worker_processes {workers};\n\
         pid {directory}/pid;\n\
         error_log stderr crit;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n\
         access_log off;\n\
         keepalive_requests 1000000000;\n\
         open_file_cache max=16;\n\
         types {{ application/json json; }}\n\
         {temporary}\
         server {{ listen {address}; root {directory}; }}\n\
         }}\n"
    )
}
