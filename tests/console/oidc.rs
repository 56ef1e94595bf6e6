//! Signing in through a real OpenID provider (`provider/provider.mjs`).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::browser::Browser;
use crate::server::Server;
use crate::shell::{CLIENT, Shell};
use crate::stage::console;

/// A provider; it ends with the value.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    /// A provider that sends people back to that address. The server is told of it by `issuer` before.
    fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools/oidc-provider");
        assert!(
            folder.join("installed.txt").exists(),
            "the OpenID provider is not installed: `cargo xtask test` installs it"
        );
        let mut child = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut issuer).unwrap();
        // What it still has to say is read, so that it need not wait for room in the pipe.
        std::thread::spawn(move || lines.lines().count());
        Self {
            child,
            issuer: issuer.trim().to_owned(),
        }
    }

    fn sends_back_to(&mut self, redirect: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{redirect}").unwrap();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Stage {
    _provider: Provider,
    _server: Server,
    browser: Browser,
}

impl Stage {
    async fn new() -> Self {
        let mut shell = Shell::with_client();
        let mut provider = Provider::start();
        // The server's own address stands in its settings, so its port is chosen before it starts.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = format!("http://127.0.0.1:{port}");
        provider.sends_back_to(&format!("{url}/console/oidc/callback"));
        let grants = format!(
            "Directory admins = all console admin; Mathematics = {CLIENT} console users:read"
        );
        shell.environment = vec![
            ("ROLLCALL_PUBLIC_URL", url),
            ("ROLLCALL_OIDC_ISSUER", provider.issuer.clone()),
            ("ROLLCALL_OIDC_CLIENT_ID", "rollcall".to_owned()),
            (
                "ROLLCALL_OIDC_CLIENT_SECRET",
                "a-secret-of-the-test".to_owned(),
            ),
            ("ROLLCALL_OIDC_GRANTS", grants),
            ("ROLLCALL_OIDC_NAME", "Example".to_owned()),
        ];
        let server = Server::start_at(&shell, &format!("127.0.0.1:{port}"), "");
        let browser = Browser::start(&server.address).await;
        Self {
            _provider: provider,
            _server: server,
            browser,
        }
    }

    /// Signs in at the provider as that person, who agrees to it.
    async fn sign_in_as(&self, name: &str) {
        self.browser.press("Sign in with Example").await;
        self.browser.fill("[name=login]", name).await;
        self.browser.fill("[name=password]", "x").await;
        self.browser.find("form").await;
        self.browser
            .find("[type=submit]")
            .await
            .click()
            .await
            .unwrap();
        self.browser.press("Continue").await;
    }
}

#[tokio::test]
async fn a_person_signs_in_and_may_what_their_groups_may() {
    let stage = Stage::new().await;
    let browser = &stage.browser;
    browser.open(&console("/users")).await;
    browser.shows("Sign in with Example").await;
    browser.examine("sign-in-provider").await;
    stage.sign_in_as("ada").await;
    browser.shows("Nobody is here yet").await;
    assert_eq!(browser.path().await, console("/users"));
    browser.shows("Ada Lovelace").await;
    // The other group's grant: all clients are listed.
    browser.press("Clients").await;
    browser.shows("1 client").await;
    // What neither was granted.
    browser.open(&console("/users/x/delete")).await;
    browser.shows("You may not do that").await;
    browser.uncomplaining("oidc").await;
    browser.open("/console/clients").await;
    browser.press("Ada Lovelace").await;
    browser.press("Sign out everywhere").await;
    browser.shows("Sign in with Example").await;
}

#[tokio::test]
async fn who_is_in_none_of_the_groups_is_not_let_in() {
    let stage = Stage::new().await;
    stage.browser.open("/console").await;
    stage.sign_in_as("eve").await;
    stage.browser.shows("none of your groups may use it").await;
    stage.browser.examine("not-granted").await;
    stage.browser.open("/console").await;
    stage.browser.shows("Sign in with Example").await;
}

#[tokio::test]
async fn an_answer_that_was_not_asked_for_in_this_browser_signs_nobody_in() {
    let stage = Stage::new().await;
    stage
        .browser
        .open("/console/oidc/callback?code=x&state=y")
        .await;
    stage.browser.shows("Your browser sent no cookie").await;
    stage.browser.open("/console/sign-in").await;
    stage.browser.press("Sign in with Example").await;
    stage.browser.find("[name=login]").await;
    stage
        .browser
        .open("/console/oidc/callback?code=x&state=y")
        .await;
    stage.browser.shows("This form is out of date").await;
}
