//! Bringing people in a file: chosen, tried, looked at, applied, watched.

use std::fmt::Write;

use serde_json::json;

use crate::shell::CLIENT;
use crate::stage::{Stage, console, token};

/// The file that the page offers as an example.
const EXAMPLE: &str = include_str!("../../src/http/console/assets/import-example.csv");

/// Sends a file of that name from the page.
async fn send(stage: &Stage, name: &str, text: &str) {
    stage.shell.write(name, text);
    stage.browser.open(&console("/import")).await;
    let field = stage.browser.find("#file").await;
    let path = stage.shell.path(name);
    field.send_keys(path.to_str().unwrap()).await.unwrap();
    stage.browser.press("Send and try it").await;
}

#[tokio::test]
async fn a_file_is_tried_applied_and_watched() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage.user("mikechang", json!({})).await;
    browser.open(&console("/import")).await;
    browser.shows("Nothing was imported yet.").await;
    browser.press("The columns").await;
    browser.examine("import-none").await;

    // The example is one that works, and nothing happens before it is applied.
    let with_bad_row = format!("{EXAMPLE}nobody,1003,Sales,no address,Nobody,Clerk,19\n,,,,,,\n");
    send(&stage, "people.csv", &with_bad_row).await;
    browser.shows("Nothing is changed yet.").await;
    for text in [
        "anaruiz",
        "Engineering",
        "mikechang",
        "updated",
        "Refused rows",
    ] {
        browser.shows(text).await;
    }
    browser.examine("import-rehearsal").await;
    assert_eq!(stage.get("/users").await["total_count"], 1);

    let rehearsal = browser.path().await;
    browser.open(&console("/import")).await;
    browser.shows("Sent, and not applied").await;
    browser.examine("import-waiting").await;
    browser.press("people.csv").await;
    browser.press("Apply the other rows").await;
    browser.shows("Done, with refused rows.").await;
    browser.examine("import-done").await;
    assert!(stage.get("/users").await["total_count"].as_i64().unwrap() > 1);

    // The file is applied once, and who goes back is told so.
    browser.open(&rehearsal).await;
    browser.shows("That file is not waiting any more").await;
    browser.shows("Done, with refused rows").await;
    browser.shows("Ada").await;
    browser.examine("import").await;
}

#[tokio::test]
async fn a_long_import_is_watched_without_loading_the_page_anew() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let mut file = "username,email_addr\n".to_owned();
    for number in 0..8_000 {
        writeln!(file, "person{number},person{number}@example.com").unwrap();
    }
    send(&stage, "many.csv", &file).await;
    browser.shows("The first 500 rows").await;
    browser.press("Apply").await;
    browser.run("window.isTheSamePage = true").await;
    browser.shows("8,000").await;
    browser.shows("Done. It ended").await;
    assert_eq!(
        browser.run("return window.isTheSamePage").await,
        json!(true)
    );
    assert_eq!(
        browser
            .run("return document.querySelectorAll('[hx-get]').length")
            .await,
        json!(0)
    );
    assert_eq!(stage.get("/users").await["total_count"], 8_000);
}

#[tokio::test]
async fn what_cannot_be_imported_is_said_and_can_be_discarded() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    send(&stage, "people.txt", "username\nada\n").await;
    browser.shows("must end in .csv or .jsonl").await;
    browser.examine("import-refused").await;
    send(&stage, "people.csv", "username,shoe_size\nada,40\n").await;
    browser.shows("shoe_size").await;
    browser.examine("import-unreadable").await;
    browser.press("Discard the file").await;
    browser.shows("The file was discarded.").await;
    assert_eq!(stage.get("/users").await["total_count"], 0);
}

#[tokio::test]
async fn departments_need_a_scope_of_their_own() {
    let mut stage = Stage::new().await;
    let scopes = "console users:read users:write";
    stage.token = token(&stage.shell, &format!("--client {CLIENT}"), scopes);
    stage.sign_in().await;
    send(&stage, "people.csv", EXAMPLE).await;
    stage
        .browser
        .shows("Your token may not change departments.")
        .await;
    stage.browser.shows("The file would change nothing").await;
    stage.browser.examine("import-without-departments").await;
}
