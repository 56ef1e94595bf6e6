//! A server of the built binary, and how to ask it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::shell::Shell;

/// A running server; it ends with the value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// What it printed on standard output before it served.
    pub(crate) said: Vec<String>,
    http: reqwest::Client,
}

/// A client that keeps no connection for as long as the server does: one that is closed while a
/// request goes out on it fails that request.
fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5));
    client.build().unwrap()
}

impl Server {
    pub(crate) fn start(shell: &Shell, options: &str) -> Self {
        Self::start_at(shell, "127.0.0.1:0", options)
    }

    pub(crate) fn start_at(shell: &Shell, address: &str, options: &str) -> Self {
        let line = format!("serve --listen {address} {options}");
        let mut child = shell
            .command(&line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        log.read_line(&mut first).unwrap();
        if !first.contains("\"message\":\"listening\"") {
            // It must not outlive the test that it fails.
            child.kill().unwrap();
            panic!("the first line is {first}");
        }
        let first: Value = serde_json::from_str(&first).unwrap();
        // The rest must be read, or the server would wait for room in the pipe.
        std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
        let count = if options.contains("--demo") { 2 } else { 0 };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            address: first["address"].as_str().unwrap().to_owned(),
            said: lines.take(count).map(Result::unwrap).collect(),
            http: client(),
        }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> reqwest::Response {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.get(url).bearer_auth(token);
        request.send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str, token: &str) -> Value {
        let answer = self.get(path, token).await;
        assert_eq!(answer.status(), 200, "{path}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// Asks in any method, with a body of SCIM's if there is one.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> reqwest::Response {
        let url = format!("http://{}{path}", self.address);
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        request.send().await.unwrap()
    }

    /// Asks in any method, with a body of JSON.
    #[allow(dead_code, reason = "the console's tests ask so")]
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> reqwest::Response {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(token);
        let request = request.header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap()
    }

    /// Posts a body under an `Idempotency-Key`.
    pub(crate) async fn post(
        &self,
        path: &str,
        token: &str,
        key: &str,
        body: &Value,
    ) -> reqwest::Response {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.post(url).bearer_auth(token);
        let request = request
            .header("idempotency-key", key)
            .header("content-type", "application/json")
            .body(body.to_string());
        request.send().await.unwrap()
    }

    /// Tells the server to stop, as a service manager does.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
