//! A server with people in it, somebody's token, and their browser.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::Server;
use crate::shell::{CLIENT, Shell};

/// What everybody may do who runs a directory.
pub(crate) const ALL: &str = "console users:read users:write departments:write activity:write scim";

pub(crate) struct Stage {
    pub(crate) shell: Shell,
    pub(crate) server: Server,
    pub(crate) browser: Browser,
    /// The token that one signs in with.
    pub(crate) token: String,
}

/// A path of the client's in the console.
pub(crate) fn console(rest: &str) -> String {
    format!("/console/clients/{CLIENT}{rest}")
}

impl Stage {
    /// A server without people, and a token for its one client.
    pub(crate) async fn new() -> Self {
        let shell = Shell::with_client();
        let server = Server::start(&shell, "");
        let token = token(&shell, &format!("--client {CLIENT}"), ALL);
        let browser = Browser::start(&server.address).await;
        Self {
            shell,
            server,
            browser,
            token,
        }
    }

    /// The same, signed in.
    pub(crate) async fn signed_in() -> Self {
        let stage = Self::new().await;
        stage.sign_in().await;
        stage
    }

    pub(crate) async fn sign_in(&self) {
        self.browser.open("/console/sign-in").await;
        self.browser.fill("#token", &self.token).await;
        self.browser.press("Sign in").await;
        self.browser.find("header.top").await;
    }

    /// What the Clients API answers to a body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/v2/clients/{CLIENT}{path}");
        let answer = self.server.send(method, &path, &self.token, body).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Makes a user of that name, and says the id.
    pub(crate) async fn user(&self, username: &str, profile: Value) -> String {
        let new = json!({ "username": username, "user_key": username, "profile": profile });
        let made = self.send("POST", "/users", &new).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Makes a department, and says the id.
    pub(crate) async fn department(&self, name: &str) -> String {
        let made = self
            .send("POST", "/departments", &json!({ "name": name }))
            .await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// What the Clients API has there.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.server
            .json(&format!("/v2/clients/{CLIENT}{path}"), &self.token)
            .await
    }
}

/// A new token with these scopes.
pub(crate) fn token(shell: &Shell, clients: &str, scopes: &str) -> String {
    let scopes: Vec<String> = scopes
        .split(' ')
        .map(|scope| format!("--scope {scope}"))
        .collect();
    let line = format!("token create {clients} --name Ada {}", scopes.join(" "));
    shell.json(&line)["token"].as_str().unwrap().to_owned()
}
