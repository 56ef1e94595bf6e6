//! Departments: making one, finding it, who belongs to it, and its end.

use serde_json::json;

use crate::browser::Browser;
use crate::shell::CLIENT;
use crate::stage::{Stage, console, token};

#[tokio::test]
async fn a_department_is_made_filled_renamed_and_deleted() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let mike = stage
        .user("mikechang", json!({ "full_name": "Mike Chang" }))
        .await;
    for number in 0..12 {
        stage.user(&format!("person{number:02}"), json!({})).await;
    }
    make(browser).await;
    fill(browser).await;
    let known = stage.get(&format!("/users/{mike}")).await;
    assert_eq!(known["departments"][0]["name"], json!("Field service"));
    rename(browser).await;
    delete(browser).await;
    let known = stage.get(&format!("/users/{mike}")).await;
    assert_eq!(known["departments"], json!([]));
}

/// Makes one, and another of the same name in vain.
async fn make(browser: &Browser) {
    browser.open(&console("/departments")).await;
    browser.shows("There are no departments yet").await;
    browser.examine("departments-none").await;
    browser.press("New department").await;
    browser.fill("#name", "Field service").await;
    browser.fill("#description", "Repairs what is sold").await;
    browser.examine("department-new").await;
    browser.press("Make department").await;
    browser.shows("The department was made.").await;
    browser.shows("Nobody belongs to it yet.").await;
    browser.examine("department-empty").await;

    // What is taken already is said on the form, with what was typed still in it.
    browser.open(&console("/departments/new")).await;
    browser.fill("#name", "field SERVICE").await;
    browser.press("Make department").await;
    browser.shows("A department of that name exists").await;
    let typed = browser.find("#name[aria-invalid]").await;
    assert_eq!(
        typed.prop("value").await.unwrap(),
        Some("field SERVICE".to_owned())
    );
    browser.examine("department-refused").await;
    browser.press("Cancel").await;
}

/// Adds people, and takes that back.
async fn fill(browser: &Browser) {
    browser.press("Field service").await;
    browser.fill("#find", "person").await;
    browser.shows("These are the first ones.").await;
    browser.examine("department-find").await;
    browser
        .find("[aria-label='Add person03']")
        .await
        .click()
        .await
        .unwrap();
    browser.shows("person03 was added.").await;
    browser.shows("1 member").await;
    browser.fill("#find", "mikechang").await;
    browser
        .find("[aria-label='Add Mike Chang']")
        .await
        .click()
        .await
        .unwrap();
    browser.shows("Mike Chang was added.").await;
    browser.shows("Member already").await;
    browser.examine("department").await;
    browser.press("Undo").await;
    browser.shows("Mike Chang was removed.").await;
    browser.press("Undo").await;
    browser.shows("Mike Chang was added.").await;
    browser
        .find("[aria-label='Remove person03']")
        .await
        .click()
        .await
        .unwrap();
    browser.shows("person03 was removed.").await;
}

async fn rename(browser: &Browser) {
    browser.press("Rename or describe").await;
    browser.fill("#name", "Service").await;
    browser.fill("#description", "Repairs\nand advice").await;
    browser.examine("department-edit").await;
    browser.press("Save").await;
    browser.shows("The department was changed.").await;
    browser.shows("Repairs and advice").await;
    browser.press("Mike Chang").await;
    browser.shows("Repairs and advice").await;
    browser.press("Service").await;
}

async fn delete(browser: &Browser) {
    browser.press("Delete…").await;
    browser
        .shows("1 member leaves it. Their records stay")
        .await;
    browser.examine("department-delete").await;
    browser.press("Delete Service").await;
    browser.shows("The department was deleted.").await;
}

#[tokio::test]
async fn departments_are_searched_sorted_and_paged() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for number in 0..53 {
        stage.department(&format!("Branch {number:02}")).await;
    }
    let sales = stage.department("Sales").await;
    let path = format!("/departments/{sales}");
    let ids = [
        stage.user("ada", json!({})).await,
        stage.user("bob", json!({})).await,
    ];
    stage
        .send(
            "POST",
            &format!("{path}/members"),
            &json!({ "user_ids": ids }),
        )
        .await;
    browser.open(&console("/departments")).await;
    browser.shows("54 departments").await;
    browser.examine("departments").await;
    browser.press("Next page").await;
    browser.shows("Branch 52").await;
    browser.press("First page").await;
    browser.press("Members").await;
    let first = "table tbody tr:first-child";
    browser
        .until("the largest comes first", async || {
            let row = browser.find(first).await.text().await;
            row.is_ok_and(|row| row.contains("Sales") && row.contains('2'))
        })
        .await;
    browser.fill("#q", "sal").await;
    browser.shows("1 department").await;
    let found = console("/departments?q=sal&sort_by=member_count&sort_order=desc");
    browser
        .until("the address can be shared", async || {
            browser.path().await == found
        })
        .await;
    browser.fill("#q", "nothing like it").await;
    browser.shows("No department matches").await;
    browser.examine("departments-unmatched").await;
}

#[tokio::test]
async fn who_may_only_read_sees_members_and_no_forms() {
    let stage = Stage::new().await;
    let sales = stage.department("Sales").await;
    let ada = stage.user("ada", json!({})).await;
    let members = format!("/departments/{sales}/members");
    stage
        .send("POST", &members, &json!({ "user_ids": [ada] }))
        .await;
    let clients = format!("--client {CLIENT}");
    let reader = token(&stage.shell, &clients, "console users:read");
    let browser = &stage.browser;
    browser.open("/console/sign-in").await;
    browser.fill("#token", &reader).await;
    browser.press("Sign in").await;
    browser.press("Departments").await;
    browser.press("Sales").await;
    browser.shows("1 member").await;
    let text = browser.text().await;
    for word in ["Rename", "Delete", "Remove", "Add members"] {
        assert!(!text.contains(word), "{word} is in {text}");
    }
    browser.examine("department-read").await;
    for rest in [
        "/departments/new".to_owned(),
        format!("/departments/{sales}/edit"),
    ] {
        browser.open(&console(&rest)).await;
        browser.shows("You may not do that").await;
    }
}
