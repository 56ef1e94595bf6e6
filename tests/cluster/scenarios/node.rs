//! A node: a process of the built binary, and how to ask it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::ANSWER_MAX;

/// Less than the server's own patience with idle connections, so that none is met closed.
const IDLE: Duration = Duration::from_secs(5);

/// A running node; it ends with the value.
pub struct Node {
    pub name: String,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    pub door: Door,
}

/// Where a node is asked. It stays good for asking when the node is gone: nobody answers then.
#[derive(Clone)]
pub struct Door {
    address: String,
    http: reqwest::Client,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub limit: Option<String>,
    pub body: String,
}

/// A node that was told to start and has not said yet that it listens.
pub struct Starting {
    name: String,
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Starting {
    /// Starts the process.
    pub fn spawn(name: &str, mut command: Command) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    /// Waits until it listens.
    pub fn ready(mut self) -> Node {
        let log = Arc::<Mutex<Vec<String>>>::default();
        let mut address = None;
        while address.is_none() {
            let mut line = String::new();
            let count = self.log.read_line(&mut line).unwrap();
            let said = log.lock().unwrap().join("");
            assert_ne!(count, 0, "{} ended: {said}", self.name);
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "listening" {
                address = event["address"].as_str().map(str::to_owned);
            }
            log.lock().unwrap().push(line);
        }
        let (lines, kept) = (self.log.lines(), Arc::clone(&log));
        // It must be read, or the node would wait for room in the pipe.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line + "\n");
            }
        });
        let http = reqwest::Client::builder()
            .pool_idle_timeout(IDLE)
            .timeout(ANSWER_MAX)
            .no_proxy()
            .build()
            .unwrap();
        let address = address.unwrap();
        Node {
            name: self.name,
            child: self.child,
            log,
            door: Door { address, http },
        }
    }
}

impl Node {
    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let lines = self.log();
            let last: Vec<&str> = lines.lines().rev().take(15).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            eprintln!("--- node {} at last:\n{}", self.name, last.join("\n"));
        }
    }
}

impl Door {
    /// One request, and its answer if there was one.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Answer, reqwest::Error> {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.timeout(patience).send().await?;
        let text_of = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let (retry_after, limit) = (text_of("retry-after"), text_of("x-ratelimit-limit"));
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after,
            limit,
            body: response.text().await?,
        })
    }

    /// One request to a node that is there.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answer {
        let answer = self.try_ask(method, path, token, body, ANSWER_MAX).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, None).await
    }

    /// `GET` what is there.
    pub async fn json(&self, path: &str, token: &str) -> Value {
        self.get(path, token).await.must_be(200, path).json()
    }

    /// `POST`.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, token, Some(body)).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, path, token, Some(body)).await
    }
}

impl Answer {
    /// Refuses any other status.
    #[track_caller]
    pub fn must_be(self, status: u16, what: &str) -> Self {
        assert_eq!(self.status, status, "{what}: {}", self.body);
        self
    }

    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The id in the body.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// Whether it says: not now, try again.
    pub fn is_busy(&self) -> bool {
        self.status == 503 && self.retry_after.is_some()
    }
}
