//! Finding somebody, reading what is known of them, changing it.

use serde_json::json;

use crate::stage::{Stage, console};

#[tokio::test]
async fn somebody_is_found_read_changed_and_changed_back() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let sales = stage.department("Sales").await;
    stage.department("Field service").await;
    let profile = json!({ "full_name": "Mike Chang", "email_addr": "mike@example.com" });
    let mike = stage.user("mikechang", profile).await;
    for number in 0..60 {
        stage.user(&format!("person{number:02}"), json!({})).await;
    }
    stage
        .send(
            "PATCH",
            &format!("/users/{mike}"),
            &json!({ "departments": [sales] }),
        )
        .await;

    browser.open(&console("/users")).await;
    browser.shows("61 users").await;
    browser.examine("users").await;
    browser.fill("#q", "chang").await;
    browser.shows("1 user").await;
    let found = console("/users?q=chang");
    browser
        .until("the address can be shared", async || {
            browser.path().await == found
        })
        .await;
    browser.press("Mike Chang").await;
    browser.shows("The same person in all dialects").await;
    browser.examine("user").await;

    browser.press("Change departments").await;
    browser.shows("They belong to").await;
    browser.examine("user-departments").await;
    let service = "//label[contains(., 'Field service')]/input[@type='checkbox']";
    let service = browser
        .page
        .find(fantoccini::Locator::XPath(service))
        .await
        .unwrap();
    service.click().await.unwrap();
    browser.press("Save").await;
    browser.shows("The departments were changed.").await;
    browser.examine("user-changed").await;
    browser.press("Undo").await;
    browser.shows("The change was undone.").await;
    let names = stage.get(&format!("/users/{mike}")).await["departments"].clone();
    assert_eq!(
        (&names[0]["name"], &names[1]),
        (&json!("Sales"), &json!(null))
    );
    browser.press("Undo").await;
    browser.shows("undoes change").await;
    let names = stage.get(&format!("/users/{mike}")).await["departments"].clone();
    assert_eq!(
        (&names[0]["name"], &names[1]["name"]),
        (&json!("Sales"), &json!("Field service"))
    );
}

#[tokio::test]
async fn a_profile_a_state_and_a_deletion_are_changed_and_taken_back() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let profile = json!({ "full_name": "Mike Chang" });
    let mike = stage.user("mikechang", profile).await;
    browser.open(&console(&format!("/users/{mike}"))).await;
    browser.press("Change profile").await;
    browser
        .fill("[name='employment_info.role']", "Engineer")
        .await;
    browser.examine("user-profile").await;
    browser.press("Save").await;
    browser.shows("The profile was changed.").await;
    browser.press("Changes").await;
    browser.shows("Engineer").await;
    browser.examine("changes").await;
    browser.page.back().await.unwrap();
    browser.press("Deactivate").await;
    browser.shows("They were deactivated.").await;
    browser.press("Activate").await;
    browser.shows("They were activated.").await;
    browser.press("Delete…").await;
    browser.examine("user-delete").await;
    browser.press("Delete Mike Chang").await;
    browser.shows("They were deleted.").await;
    browser.examine("user-deleted").await;
    browser.press("Restore").await;
    browser.shows("They were restored.").await;
}
