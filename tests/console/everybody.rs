//! The console for everybody: on a phone, by keyboard alone, without scripts, in the reader's zone.

use fantoccini::key::Key;
use serde_json::json;

use crate::browser::{Browser, Look};
use crate::stage::{Stage, console};

/// A person in one of two departments, among others.
async fn stage() -> Stage {
    let stage = Stage::signed_in().await;
    let sales = stage.department("Sales").await;
    stage.department("Field service").await;
    let mike = stage
        .user("mikechang", json!({ "full_name": "Mike Chang" }))
        .await;
    let departments = json!({ "departments": [sales] });
    stage
        .send("PATCH", &format!("/users/{mike}"), &departments)
        .await;
    let seen = json!({ "reports": [
        { "user_id": mike, "channel": "web", "at": "2026-02-24T21:23:53.082Z" },
    ] });
    stage.send("POST", "/activity", &seen).await;
    for number in 0..20 {
        stage.user(&format!("person{number:02}"), json!({})).await;
    }
    stage
}

/// What the browser's focus is on: the text, or the name and value of a field.
const FOCUSED: &str = "
    const it = document.activeElement;
    return it.name ? `${it.name}=${it.closest('label')?.textContent.trim() ?? ''}` : it.textContent.trim();";

/// Goes on from one thing to the next, as one does without a mouse, until it is this one.
async fn tab_to(browser: &Browser, wanted: &str) {
    for _ in 0..80 {
        let on = browser.run(FOCUSED).await;
        if on.as_str().is_some_and(|on| on == wanted) {
            return;
        }
        strike(browser, Key::Tab).await;
    }
    panic!(
        "{wanted} is not reached by keyboard at {}",
        browser.path().await
    );
}

async fn strike(browser: &Browser, key: Key) {
    let focused = browser.page.active_element().await.unwrap();
    focused
        .send_keys(&char::from(key).to_string())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_person_is_found_read_changed_and_changed_back_on_a_phone() {
    let stage = stage().await;
    let browser = &stage.browser;
    browser.looks(Look::Phone).await;
    browser.open("/console").await;
    browser.press("Users").await;
    browser.fill("#q", "mike").await;
    browser.shows("1 user").await;
    browser.press("Mike Chang").await;
    browser.shows("Seen on 0 of the last").await;
    browser.shows("2026").await;
    // Why the department is what it is.
    let why = browser
        .find("[aria-labelledby=departments]")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        why.contains("Sales") && why.contains("Clients API") && why.contains("Ada"),
        "{why}"
    );
    browser.press("Change departments").await;
    let service = "//label[contains(., 'Field service')]/input[@type='checkbox']";
    let service = browser
        .page
        .find(fantoccini::Locator::XPath(service))
        .await
        .unwrap();
    service.click().await.unwrap();
    browser.press("Save").await;
    browser.shows("The departments were changed.").await;
    browser.press("Undo").await;
    browser.shows("The change was undone.").await;
    let excess = "return document.documentElement.scrollWidth - window.innerWidth";
    assert!(browser.run(excess).await.as_i64().unwrap() <= 0);
}

#[tokio::test]
async fn a_person_is_found_changed_and_changed_back_by_keyboard_alone() {
    let stage = stage().await;
    let browser = &stage.browser;
    browser.open(&console("/users")).await;
    strike(browser, Key::Tab).await;
    assert_eq!(browser.run(FOCUSED).await, json!("Skip to the content"));
    tab_to(browser, "q=").await;
    browser
        .page
        .active_element()
        .await
        .unwrap()
        .send_keys("chang")
        .await
        .unwrap();
    browser.shows("1 user").await;
    tab_to(browser, "Mike Chang").await;
    strike(browser, Key::Enter).await;
    browser.shows("What was changed").await;
    tab_to(browser, "Change departments").await;
    strike(browser, Key::Enter).await;
    browser.shows("They belong to").await;
    tab_to(browser, "departments=Field service").await;
    browser
        .page
        .active_element()
        .await
        .unwrap()
        .send_keys(" ")
        .await
        .unwrap();
    tab_to(browser, "Save").await;
    strike(browser, Key::Enter).await;
    browser.shows("The departments were changed.").await;
    tab_to(browser, "Undo").await;
    strike(browser, Key::Enter).await;
    browser.shows("The change was undone.").await;
}

#[tokio::test]
async fn everything_reads_without_scripts() {
    let stage = stage().await;
    let browser = Browser::start_without_scripts(&stage.server.address).await;
    browser.open("/console/sign-in").await;
    browser.fill("#token", &stage.token).await;
    browser.press("Sign in").await;
    browser.shows("Departments by size").await;
    browser.press("Users").await;
    browser.shows("21 users").await;
    browser.fill("#q", "mike").await;
    browser.press("Show").await;
    browser.shows("1 user").await;
    browser.press("Mike Chang").await;
    // In UTC, and it says so.
    browser.shows("2026-02-24 21:23 UTC").await;
    browser.shows("The same person in all dialects").await;
    for page in ["/departments", "/changes", "/import", "/scim-log"] {
        browser.open(&console(page)).await;
        browser.find("main h1").await;
        assert!(browser.path().await.starts_with(&console(page)));
    }
}

#[tokio::test]
async fn times_are_in_the_readers_zone_with_the_exact_one_on_hover() {
    let stage = stage().await;
    let browser = &stage.browser;
    let zone = json!({ "timezoneId": "Asia/Tokyo" });
    browser
        .devtools("Emulation.setTimezoneOverride", zone)
        .await;
    browser.open(&console("/users?q=mike")).await;
    browser.press("Mike Chang").await;
    browser.shows("The same person in all dialects").await;
    let shown = "
        const time = document.querySelector('[aria-labelledby=seen] time');
        return [time.textContent, time.title];";
    let shown = browser.run(shown).await;
    // The day after, in Tokyo.
    assert!(shown[0].as_str().unwrap().contains("25"), "{shown}");
    assert!(!shown[0].as_str().unwrap().contains("UTC"), "{shown}");
    assert_eq!(shown[1], json!("2026-02-24T21:23:53.082Z"));
}

#[tokio::test]
async fn columns_filters_and_sorting_are_part_of_the_address() {
    let stage = stage().await;
    let browser = &stage.browser;
    browser.open(&console("/users")).await;
    browser.shows("21 users").await;
    browser.choose("#seen", "Never seen").await;
    browser.shows("20 users").await;
    browser.choose("#department_id", "Sales").await;
    browser.shows("Nobody matches").await;
    browser.choose("#seen", "Seen at any time").await;
    browser.shows("1 user").await;
    browser.press("Columns").await;
    browser
        .find("[name=columns][value=user_key]")
        .await
        .click()
        .await
        .unwrap();
    browser
        .until("the column is there", async || {
            let heads = browser.find("#people thead").await.text().await;
            heads.is_ok_and(|heads| heads.contains("User key"))
        })
        .await;
    browser.press("Last seen").await;
    browser
        .until("it is sorted", async || {
            browser.path().await.contains("sort_by=last_activity")
        })
        .await;
    let shared = browser.path().await;
    assert!(
        shared.contains("columns=user_key") && shared.contains("department_id="),
        "{shared}"
    );
    let other = Browser::start(&stage.server.address).await;
    other.open(&shared).await;
    other.fill("#token", &stage.token).await;
    other.press("Sign in").await;
    other.shows("1 user").await;
    let heads = other.find("#people thead").await.text().await.unwrap();
    assert!(heads.contains("User key"), "{heads}");
    assert_eq!(other.path().await, shared);
}
