//! Coming in and going out.

use crate::shell::CLIENT;
use crate::stage::{Stage, console, token};

#[tokio::test]
async fn one_signs_in_with_a_token_and_out_again() {
    let stage = Stage::new().await;
    let browser = &stage.browser;
    browser.open(&console("/users?q=x")).await;
    browser.shows("Token").await;
    browser.examine("sign-in").await;
    browser.fill("#token", "rc_no").await;
    browser.press("Sign in").await;
    browser.shows("The token is malformed.").await;
    browser.examine("sign-in-refused").await;
    browser.fill("#token", &stage.token).await;
    browser.press("Sign in").await;
    browser.find("#people").await;
    assert_eq!(browser.path().await, console("/users?q=x"));
    browser.press("Ada").await;
    browser.press("Sign out").await;
    browser.shows("Token").await;
    browser.open(&console("/users")).await;
    browser.shows("Token").await;
    stage.browser.close().await;
}

#[tokio::test]
async fn a_token_without_the_scope_console_does_not_let_one_in() {
    let stage = Stage::new().await;
    let other = token(&stage.shell, &format!("--client {CLIENT}"), "users:read");
    stage.browser.open("/console").await;
    stage.browser.fill("#token", &other).await;
    stage.browser.press("Sign in").await;
    stage.browser.shows("has not the scope console").await;
}

#[tokio::test]
async fn who_may_look_at_all_clients_finds_them_in_a_list() {
    let stage = Stage::new().await;
    let browser = &stage.browser;
    for (scopes, expected) in [
        ("console users:read admin", "1 client"),
        ("console users:read", "Open one by its id."),
    ] {
        let all = token(&stage.shell, "--all-clients", scopes);
        browser.open("/console/sign-in").await;
        browser.fill("#token", &all).await;
        browser.press("Sign in").await;
        browser.shows(expected).await;
        browser
            .examine(&format!("clients-{}", scopes.split(' ').count()))
            .await;
    }
    browser.fill("#client_id", CLIENT).await;
    browser.press("Open").await;
    browser.shows("Departments by size").await;
    browser.press("Users").await;
    browser.shows("Nobody is here yet").await;
    browser.examine("users-none").await;
}
