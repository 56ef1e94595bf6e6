//! A browser of a test's own, and what one does in it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

const AXE: &str = include_str!("axe.min.js");
/// How long something may take to appear; it appears in milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser; it ends with the value.
pub(crate) struct Browser {
    pub(crate) page: Client,
    address: String,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// How wide the browser's window is, and what the reader has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Laptop,
    Phone,
    LaptopAtNight,
}

impl Look {
    fn name(self) -> &'static str {
        match self {
            Self::Laptop => "laptop",
            Self::Phone => "phone",
            Self::LaptopAtNight => "dark",
        }
    }
}

/// A command of Chromium's own (DevTools protocol).
#[derive(Debug)]
struct DevTools(&'static str, Value);

/// The browser's console since it was last asked for.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (hyper::Method::POST, Some(body.to_string()))
    }
}

impl WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        (
            hyper::Method::POST,
            Some(json!({ "type": "browser" }).to_string()),
        )
    }
}

impl Browser {
    /// A browser that shows nothing yet of the server at `address`.
    pub(crate) async fn start(address: &str) -> Self {
        Self::start_with(address, json!({})).await
    }

    /// The same of somebody who lets no page run scripts.
    pub(crate) async fn start_without_scripts(address: &str) -> Self {
        let no_scripts = "profile.managed_default_content_settings.javascript";
        Self::start_with(address, json!({ no_scripts: 2 })).await
    }

    async fn start_with(address: &str, preferences: Value) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver is installed");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        std::thread::spawn(move || lines.count());
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &folder,
        ];
        let capabilities: Capabilities = serde_json::from_value(json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL" },
        }))
        .unwrap();
        let url = format!("http://127.0.0.1:{}", port.unwrap());
        let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&url)
            .await
            .unwrap();
        let browser = Self {
            page,
            address: format!("http://{address}"),
            driver,
            _profile: profile,
        };
        browser.looks(Look::Laptop).await;
        browser
    }

    /// What only Chromium understands.
    pub(crate) async fn devtools(&self, command: &'static str, parameters: Value) {
        self.page
            .issue_cmd(DevTools(command, parameters))
            .await
            .unwrap();
    }

    /// Shows pages like that from now on.
    pub(crate) async fn looks(&self, look: Look) {
        let (width, height) = match look {
            Look::Phone => (375, 812),
            Look::Laptop | Look::LaptopAtNight => (1280, 800),
        };
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": look == Look::Phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let scheme = if look == Look::LaptopAtNight {
            "dark"
        } else {
            "light"
        };
        // What moves would be caught half-way.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// Opens a path of the server's.
    pub(crate) async fn open(&self, path: &str) {
        self.page
            .goto(&format!("{}{path}", self.address))
            .await
            .unwrap();
    }

    /// The path and query that the browser shows.
    pub(crate) async fn path(&self) -> String {
        let url = self.page.current_url().await.unwrap();
        url[url::Position::BeforePath..].to_owned()
    }

    /// What a selector finds, once it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let waiting = self.page.wait().at_most(PATIENCE);
        let found = waiting.for_element(Locator::Css(css)).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!(
                "{css} is not at {}: {error}\n{}",
                self.path().await,
                self.text().await
            ),
        }
    }

    /// The link, button or summary that says this.
    pub(crate) async fn saying(&self, text: &str) -> Element {
        let path =
            format!("//*[self::a or self::button or self::summary][normalize-space()=\"{text}\"]");
        let waiting = self.page.wait().at_most(PATIENCE);
        match waiting.for_element(Locator::XPath(&path)).await {
            Ok(found) => found,
            Err(error) => panic!("nothing says {text}: {error}\n{}", self.text().await),
        }
    }

    /// Clicks what says this. While a search goes on, what was found may be taken out of the page before
    /// it is clicked: then somebody would click what stands there instead.
    pub(crate) async fn press(&self, text: &str) {
        loop {
            match self.saying(text).await.click().await {
                Ok(()) => return,
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{text} cannot be clicked: {error}"),
            }
        }
    }

    /// Types into a field, in the place of what is there.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option of a list by what it says.
    pub(crate) async fn choose(&self, css: &str, label: &str) {
        self.find(css).await.select_by_label(label).await.unwrap();
    }

    /// All text that the page shows.
    pub(crate) async fn text(&self) -> String {
        let body = self.page.find(Locator::Css("body")).await;
        match body {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page shows this text.
    pub(crate) async fn shows(&self, text: &str) {
        let is_shown = async || self.text().await.contains(text);
        self.until(&format!("the page shows {text:?}"), is_shown)
            .await;
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let waiting = async {
            while !holds().await {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!(
                "not so: {what}, at {}\n{}",
                self.path().await,
                self.text().await
            );
        }
    }

    /// What a script answers.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Looks at the page as everybody would: keeps a screenshot of each look under that name, finds
    /// nothing that stands out of a phone's width, no violation of WCAG 2.2 AA, and no complaint of
    /// the browser's.
    pub(crate) async fn examine(&self, name: &str) {
        for look in [Look::Laptop, Look::LaptopAtNight, Look::Phone] {
            self.looks(look).await;
            self.screenshot(&format!("{name}-{}", look.name())).await;
            self.accessible(&format!("{name} ({})", look.name())).await;
            let excess = "return document.documentElement.scrollWidth - window.innerWidth";
            let excess = self.run(excess).await;
            assert!(
                excess.as_i64().unwrap() <= 0,
                "{name}: {excess} pixels too wide, {look:?}"
            );
        }
        self.looks(Look::Laptop).await;
        self.uncomplaining(name).await;
    }

    /// Keeps an image of the whole page.
    async fn screenshot(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("console");
        std::fs::create_dir_all(&folder).unwrap();
        let whole = DevTools(
            "Page.captureScreenshot",
            json!({ "captureBeyondViewport": true }),
        );
        let image = self.page.issue_cmd(whole).await.unwrap();
        let image = STANDARD.decode(image["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), image).unwrap();
    }

    async fn accessible(&self, name: &str) {
        self.run(AXE).await;
        let script = "
            const done = arguments[arguments.length - 1];
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, { runOnly: tags }).then(
                (found) => done(found.violations.flatMap((rule) => rule.nodes.map(
                    (node) => `${rule.id}: ${node.html} (${node.failureSummary})`))),
                (error) => done([String(error)]));";
        let found = self.page.execute_async(script, Vec::new()).await.unwrap();
        let found: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n\n"));
    }

    /// That the browser complained of nothing: no script failed, nothing was against the policy.
    pub(crate) async fn uncomplaining(&self, name: &str) {
        let log = self.page.issue_cmd(Log).await.unwrap();
        // A refusal's status is told there as well.
        let severe = |entry: &&Value| entry["level"] == "SEVERE" && entry["source"] != "network";
        let found: Vec<&Value> = log.as_array().unwrap().iter().filter(severe).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }

    /// Ends the browser as one closes it.
    pub(crate) async fn close(self) {
        self.page.clone().close().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With all that it has started, whose number is its own. It may have ended by itself.
        let group = format!("-{}", self.driver.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.driver.wait());
    }
}
