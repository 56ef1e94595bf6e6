//! What an identity provider sent: finding a request, reading it, rehearsing it.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::shell::CLIENT;
use crate::stage::{Stage, console, token};

/// What the identity provider is answered.
async fn provision(stage: &Stage, method: &str, path: &str, body: Option<Value>) -> Value {
    let path = format!("/scim/v2/{CLIENT}{path}");
    let answer = stage.server.ask(method, &path, &stage.token, body.as_ref());
    let text = answer.await.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Opens the log once it has so many requests: they are written after the answers.
async fn open_log(stage: &Stage, count: &str) {
    let is_there = async || {
        stage.browser.open(&console("/scim-log")).await;
        stage.browser.text().await.contains(count)
    };
    stage.browser.until("the log is written", is_there).await;
}

#[tokio::test]
async fn a_request_is_found_read_and_rehearsed() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.open(&console("/scim-log")).await;
    browser
        .shows("No identity provider has asked anything yet")
        .await;
    let base = format!("http://{}/scim/v2/{CLIENT}", stage.server.address);
    browser.shows(&base).await;
    browser.examine("scim-log-none").await;

    let mike = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "mike@example.com",
        "displayName": "Mike <b>Chang</b>",
        "active": "True",
        "password": "sesame-in-the-log",
    });
    let made = provision(&stage, "POST", "/Users", Some(mike)).await;
    let id = made["id"].as_str().unwrap();
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "Replace", "path": "displayName", "value": "Michael" }],
    });
    provision(&stage, "PATCH", &format!("/Users/{id}"), Some(patch)).await;
    provision(&stage, "GET", "/Users/nobody", None).await;
    let filter = "/Users?filter=userName%20eq%20%22mike@example.com%22";
    provision(&stage, "GET", filter, None).await;
    open_log(&stage, "4 requests").await;
    browser.examine("scim-log").await;

    narrow(browser).await;
    let request = browser.find("#requests tbody th a").await;
    request.click().await.unwrap();
    browser.shows("It changed 1 record").await;
    for shown in [
        "Mike <b>Chang</b>",
        "application/scim+json",
        "Removed before it was kept: 1 secret.",
        "a text was read as true or false",
    ] {
        browser.shows(shown).await;
    }
    assert!(!browser.text().await.contains("sesame"));
    browser.examine("scim-request").await;
    rehearse(&stage, id).await;
}

/// Looks for less and less, until it is the first request alone.
async fn narrow(browser: &Browser) {
    browser.choose("#result", "Failed only").await;
    browser.shows("1 request").await;
    browser.shows("/Users/nobody").await;
    browser.choose("#result", "Any result").await;
    browser.shows("4 requests").await;
    browser.fill("#q", "USERNAME EQ").await;
    browser.shows("1 request").await;
    let found = console("/scim-log?q=USERNAME%20EQ");
    browser
        .until("the address can be shared", async || {
            browser.path().await == found
        })
        .await;
    browser.choose("#method", "POST").await;
    browser.shows("No request matches").await;
    browser.examine("scim-log-unmatched").await;
    browser.fill("#q", "/users").await;
    browser.shows("1 request").await;
}

/// Asks what the request would do now: while the person is there, and when they are deleted.
async fn rehearse(stage: &Stage, id: &str) {
    let browser = &stage.browser;
    browser.press("What would it do now?").await;
    browser
        .shows("This was only rehearsed. Nothing was changed.")
        .await;
    browser.shows("409").await;
    browser.shows("It would change nothing").await;
    browser.examine("scim-rehearsal-refused").await;
    stage
        .send("DELETE", &format!("/users/{id}"), &json!({}))
        .await;
    browser.press("Back to request 1").await;
    browser.press("What would it do now?").await;
    browser.shows("It would change 1 record").await;
    browser.examine("scim-rehearsal").await;
    let users = stage.get("/users").await;
    assert_eq!(users["total_count"], json!(0), "{users}");

    // What builds on itself cannot be rehearsed a part at a time.
    provision(stage, "POST", "/Bulk", Some(json!({ "Operations": [] }))).await;
    open_log(stage, "5 requests").await;
    browser
        .find("#requests tbody th a")
        .await
        .click()
        .await
        .unwrap();
    browser.shows("How it was read").await;
    browser.press("What would it do now?").await;
    browser
        .shows("It cannot be rehearsed: the changes of a bulk request")
        .await;
    browser.examine("scim-rehearsal-impossible").await;
}

#[tokio::test]
async fn a_long_log_is_read_a_page_at_a_time() {
    let stage = Stage::signed_in().await;
    for number in 0..53 {
        provision(&stage, "GET", &format!("/Users/nobody-{number:02}"), None).await;
    }
    open_log(&stage, "53 requests").await;
    let browser = &stage.browser;
    browser.shows("nobody-52").await;
    browser.press("Older").await;
    browser.shows("nobody-00").await;
    assert!(!browser.text().await.contains("nobody-03"));
    browser.press("Latest").await;
    browser.shows("nobody-52").await;
}

#[tokio::test]
async fn the_log_is_not_for_who_may_only_read_users() {
    let stage = Stage::new().await;
    provision(&stage, "GET", "/Users/nobody", None).await;
    let clients = format!("--client {CLIENT}");
    let reader = token(&stage.shell, &clients, "console users:read");
    let browser = &stage.browser;
    browser.open("/console/sign-in").await;
    browser.fill("#token", &reader).await;
    browser.press("Sign in").await;
    browser.shows("Users").await;
    assert!(!browser.text().await.contains("SCIM log"));
    for rest in ["/scim-log", "/scim-log/1"] {
        browser.open(&console(rest)).await;
        browser.shows("You may not do that").await;
    }
}
