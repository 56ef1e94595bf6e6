//! Programs that are started, and are gone when this one is.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a server may take to start, an import of a million people not counted.
const START_MAX: Duration = Duration::from_secs(60);

/// Ticks of `/proc/PID/stat` a second: what Linux tells userland on every machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// Which cores a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// Only this one.
    One(usize),
    /// Whatever the system gives it.
    Any,
}

/// Where what is measured runs.
pub const SERVER: Cores = Cores::One(0);
/// Where the load comes from.
pub const LOAD: Cores = Cores::One(1);

/// A command that ends with this process, however that one ends, on these cores. To be spawned by
/// the main thread: the kernel watches the thread that spawns.
pub fn command(cores: Cores, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    if let Cores::One(core) = cores {
        command.args(["taskset", "-c", &core.to_string()]);
    }
    command.arg(program);
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When it cannot be started or fails, with what it said.
pub fn printed(mut command: Command) -> Result<String, String> {
    let name = shown(&command);
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {}: {}", output.status, said.trim_end()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// A program that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Result<Self, String> {
        let name = shown(&command);
        let child = command
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name, child })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line that it prints on standard output, which must be piped.
    ///
    /// # Errors
    /// When it ends without one.
    pub fn first_line(&mut self) -> Result<(String, BufReader<impl Read + use<>>), String> {
        let output = self.child.stdout.take().expect("standard output is piped");
        let mut reader = BufReader::new(output);
        let mut line = String::new();
        let read = reader.read_line(&mut line);
        match read {
            Ok(length) if length > 0 => Ok((line.trim_end().to_owned(), reader)),
            _ => Err(format!("{}: it ended without a word", self.name)),
        }
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        // It may have ended by itself; its number is nobody else's until that is noticed.
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.id().to_string()]);
        kill.stderr(Stdio::null());
        let _ = kill.status();
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it failed.
    pub fn wait(&mut self) -> Result<(), String> {
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{}: {status}", self.name)),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `is_ready` says so.
    ///
    /// # Errors
    /// When it ends or takes a minute.
    pub fn until(&mut self, mut is_ready: impl FnMut() -> bool) -> Result<(), String> {
        let start = Instant::now();
        while !is_ready() {
            if !self.is_running() {
                return Err(format!("{}: it ended at once", self.name));
            }
            if start.elapsed() > START_MAX {
                return Err(format!("{}: it does not answer", self.name));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// The memory that it has in use now, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident(&self) -> Result<u64, String> {
        let text = self.proc_file("status")?;
        status_kib(&text, "VmRSS").ok_or_else(|| format!("{}: no VmRSS", self.name))
    }

    /// The most memory that it ever had in use, in bytes; none once it has ended.
    pub fn resident_peak(&self) -> Option<u64> {
        status_kib(&self.proc_file("status").ok()?, "VmHWM")
    }

    /// How long it and its children's threads have been computing, in seconds.
    ///
    /// # Errors
    /// When it has ended.
    pub fn computed_s(&self) -> Result<f64, String> {
        let text = self.proc_file("stat")?;
        ticks(&text)
            .map(|ticks| ticks / TICKS_PER_SECOND)
            .ok_or_else(|| format!("{}: its times cannot be read", self.name))
    }

    fn proc_file(&self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.id());
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_running() {
            return;
        }
        self.signal("TERM");
        let start = Instant::now();
        while self.is_running() && start.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(2));
        }
        // It has had its time.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A value of `/proc/PID/status`, in bytes.
fn status_kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// The ticks in user and system mode of `/proc/PID/stat`. The name in it may hold spaces.
fn ticks(text: &str) -> Option<f64> {
    let (_, behind_name) = text.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// A directory that is removed when this process ends, however it ends: a shell waits for the end
/// of its input, which is this process.
#[derive(Debug)]
pub struct TemporaryDirectory {
    path: PathBuf,
    sweeper: Child,
}

impl TemporaryDirectory {
    /// Makes it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("rollcall-bench-{}", std::process::id()));
        let failed = |error| format!("{}: {error}", path.display());
        fs::create_dir(&path).map_err(failed)?;
        // Who is being ended may still write, so it tries until nothing is left.
        let script = r#"trap '' INT TERM HUP; cat >/dev/null
            while [ -e "$1" ]; do rm -rf "$1"; [ -e "$1" ] && sleep 0.2; done"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "rollcall-bench"]).arg(&path);
        shell
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let sweeper = shell.spawn().map_err(|error| format!("sh: {error}"))?;
        Ok(Self { path, sweeper })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        // It ends when the directory is gone.
        let _ = self.sweeper.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_status() {
        let text = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(status_kib(text, "VmRSS"), Some(1024 * 1024));
        assert_eq!(status_kib(text, "VmHWM"), Some(2048 * 1024));
        assert_eq!(status_kib(text, "VmSwap"), None);
    }

    #[test]
    fn times_are_read_from_the_stat_whatever_the_name() {
        let text = "7 (a) b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100";
        assert_eq!(ticks(text), Some(300.0));
    }

    #[test]
    fn what_is_started_ends_with_its_guard() {
        let mut sleep = command(Cores::Any, "sleep");
        sleep.arg("600");
        let running = Running::start(sleep).expect("it starts");
        let process = PathBuf::from(format!("/proc/{}", running.id()));
        assert!(process.exists());
        drop(running);
        assert!(!process.exists());
    }

    #[test]
    fn the_directory_goes_with_its_guard() {
        let directory = TemporaryDirectory::create().expect("made");
        let path = directory.path().to_owned();
        fs::write(path.join("file"), "text").expect("written");
        drop(directory);
        assert!(!path.exists());
    }
}
