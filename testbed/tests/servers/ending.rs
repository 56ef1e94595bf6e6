//! No server outlives the process that started it, however that one ends.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rollcall_testbed::{
    postgres::{self, Options},
    redis,
};

/// Set in the process that is to be ended: this test binary once more, running only [`starter`].
const IS_STARTER: &str = "ROLLCALL_TESTBED_IS_STARTER";

/// What the starter has started.
struct Started {
    starter: Child,
    processes: Vec<PathBuf>,
    directory: PathBuf,
}

/// No test of its own: the process that the tests below end. Without their request it does nothing.
#[test]
fn starter() {
    if env::var_os(IS_STARTER).is_none() {
        return;
    }
    let postgres = postgres::Server::launch(&Options::default());
    let redis = redis::Server::launch();
    let ids = [postgres.process_id(), redis.process_id()].map(|id| id.expect("it runs"));
    let directory = postgres.socket_directory().display();
    let line = format!("started {} {} {directory}\n", ids[0], ids[1]);
    io::stdout().write_all(line.as_bytes()).expect("written");
    // Until somebody ends this process; the end of the input is the orderly way.
    io::stdin().read_to_end(&mut Vec::new()).expect("read");
    std::process::exit(0);
}

fn start() -> Started {
    let mut starter = Command::new(env::current_exe().expect("this test's program"))
        .args(["--exact", "ending::starter", "--nocapture"])
        .env(IS_STARTER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let output = BufReader::new(starter.stdout.take().expect("piped"));
    let mut lines = output.lines().map(|line| line.expect("read"));
    // The test harness prints before it, and its last line has no end.
    let line = lines.find(|line| line.contains("started ")).expect("said");
    let words: Vec<&str> = line
        .rsplit("started ")
        .next()
        .expect("one")
        .split(' ')
        .collect();
    let process = |id: &&str| Path::new("/proc").join(id);
    Started {
        starter,
        processes: words[..2].iter().map(process).collect(),
        directory: words[2].into(),
    }
}

impl Started {
    fn assert_running(&self) {
        assert!(self.directory.join("data/postmaster.pid").exists());
        for process in &self.processes {
            assert!(process.exists(), "{}", process.display());
        }
    }

    /// The end comes from another process, so this waits for it, with a bound.
    fn assert_gone(&self) {
        let start = Instant::now();
        while self.directory.exists() || self.processes.iter().any(|process| process.exists()) {
            assert!(start.elapsed() < Duration::from_secs(30), "{}", self.left());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn left(&self) -> String {
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        format!("{} is still there:\n{log}", self.directory.display())
    }
}

#[test]
fn servers_end_with_a_starter_that_is_killed() {
    let mut started = start();
    started.assert_running();
    // SIGKILL: no code of the starter runs after this.
    started.starter.kill().expect("killed");
    started.starter.wait().expect("ended");
    started.assert_gone();
}

#[test]
fn servers_end_with_a_starter_that_exits_without_dropping_them() {
    let mut started = start();
    started.assert_running();
    drop(started.starter.stdin.take());
    assert!(started.starter.wait().expect("ended").success());
    started.assert_gone();
}

#[test]
fn a_command_is_run_beside_a_postgresql_of_its_own() {
    let script = "test -n \"$ROLLCALL_TEST_POSTGRES\" && echo \"$ROLLCALL_TEST_POSTGRES\"; exit 7";
    let output = Command::new(env!("CARGO_BIN_EXE_rollcall-testbed"))
        .args(["sh", "-c", script])
        .output()
        .expect("started");
    let url = String::from_utf8(output.stdout).expect("text");
    assert!(url.starts_with("postgres://postgres@127.0.0.1:"), "{url}");
    assert_eq!(output.status.code(), Some(7));
    let address = postgres::Address::new(url.trim_end());
    assert!(address.try_query("postgres", "SELECT 1").is_err());
}
