//! What callers prove themselves with: tokens, OAuth clients, the gateway's instances and their keys.

use crate::shell::CLIENT;
use crate::stage::{Stage, token};

/// A public key of P-256.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
";

/// Whoever hands on a scope has it themselves.
const ADMINISTERING: &str =
    "console users:read users:write departments:write activity:write gateway:read scim admin";

/// Somebody who administers clients is signed in.
async fn administering() -> Stage {
    let mut stage = Stage::new().await;
    stage.token = token(&stage.shell, "--all-clients", ADMINISTERING);
    stage.sign_in().await;
    stage
}

/// Ticks the box of a scope.
async fn tick(stage: &Stage, scope: &str) {
    let field = format!("[name=scope][value='{scope}']");
    stage.browser.find(&field).await.click().await.unwrap();
}

/// The secret that the page shows, which loading it anew does not show again.
async fn secret(stage: &Stage) -> String {
    let browser = &stage.browser;
    let shown = browser.find("#secret").await.text().await.unwrap();
    let path = browser.path().await;
    assert!(
        path.ends_with("/secret") && !path.contains(&shown),
        "{path}"
    );
    browser.page.refresh().await.unwrap();
    browser.shows("was shown once").await;
    assert!(!browser.text().await.contains(&shown));
    shown
}

async fn status(stage: &Stage, secret: &str) -> u16 {
    let path = format!("/v2/clients/{CLIENT}/users");
    stage.server.get(&path, secret).await.status().as_u16()
}

#[tokio::test]
async fn a_token_is_made_after_a_preview_and_shown_once() {
    let stage = administering().await;
    let browser = &stage.browser;
    browser.press("Tokens").await;
    browser.shows("you are signed in with it").await;
    browser.examine("tokens").await;
    browser.press("Make a token").await;
    browser.examine("token-form").await;
    browser.fill("#name", "Nightly sync").await;
    browser.choose("#client", "Example").await;
    tick(&stage, "admin").await;
    browser.press("See what it would reach").await;
    browser
        .shows("the scope admin is for tokens of all clients")
        .await;
    browser.examine("token-form-refused").await;
    tick(&stage, "admin").await;
    tick(&stage, "users:read").await;
    browser.press("See what it would reach").await;
    browser.shows("Nothing is made yet.").await;
    browser.examine("token-preview").await;
    browser.press("Change something").await;
    browser.choose("#expires", "A week").await;
    browser.press("See what it would reach").await;
    browser.press("Make the token").await;
    browser.find("#secret").await;
    browser.examine("token-secret").await;
    browser.press("Copy the secret").await;
    // Whether a browser without a screen has a clipboard is its own affair.
    let told = async || {
        let text = browser.text().await;
        text.contains("Copied.") || text.contains("It is selected")
    };
    browser.until("it is told how it was copied", told).await;
    let first = secret(&stage).await;
    browser.examine("token-secret-gone").await;
    assert_eq!(status(&stage, &first).await, 200);
    browser.press("Back to the list").await;
    browser.shows("3 tokens").await;
}

#[tokio::test]
async fn a_token_is_rotated_and_revoked() {
    let stage = administering().await;
    let browser = &stage.browser;
    let line = format!("token create --client {CLIENT} --name Sync --scope users:read");
    let made = stage.shell.json(&line);
    let first = made["token"].as_str().unwrap().to_owned();
    browser.press("Tokens").await;
    browser.shows("3 tokens").await;
    browser
        .find("[aria-label='Rotate Sync']")
        .await
        .click()
        .await
        .unwrap();
    browser.examine("token-rotate").await;
    browser.press("Rotate the token").await;
    let second = secret(&stage).await;
    assert_eq!(
        (status(&stage, &first).await, status(&stage, &second).await),
        (401, 200)
    );

    browser.press("Back to the list").await;
    browser
        .find("[aria-label='Revoke Sync']")
        .await
        .click()
        .await
        .unwrap();
    browser.examine("token-revoke").await;
    browser.press("Revoke the token").await;
    browser.shows("The token was revoked.").await;
    browser.shows("2 tokens").await;
    assert_eq!(status(&stage, &second).await, 401);
    browser.choose("#state", "Revoked or expired").await;
    browser.press("Show").await;
    browser.shows("revoked").await;
    browser.shows("2 tokens").await;
    browser.examine("tokens-over").await;

    // With one's own one could not see what comes of it.
    browser.open("/console/tokens").await;
    browser
        .find("[aria-label='Rotate Ada']")
        .await
        .click()
        .await
        .unwrap();
    browser.shows("would be signed out before").await;
    browser.shows("Back").await;
    assert!(!browser.text().await.contains("Rotate the token"));
}

#[tokio::test]
async fn an_instance_is_made_given_keys_and_deleted() {
    let stage = administering().await;
    let browser = &stage.browser;
    browser.press("Instances").await;
    browser.shows("There is no instance yet").await;
    browser.examine("instances-none").await;
    browser.press("Make an instance").await;
    browser.fill("#instance", "Acme Corp").await;
    browser.choose("#client", "Example").await;
    browser.press("Make the instance").await;
    browser.shows("1 to 63 of a-z").await;
    browser.examine("instance-form-refused").await;
    browser.fill("#instance", "acme").await;
    browser.press("Make the instance").await;
    browser.shows("The instance was made.").await;
    browser.press("Add a key").await;
    browser
        .fill("#audience", "https://gateway.example.com")
        .await;
    browser
        .fill(
            "#key",
            "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----",
        )
        .await;
    browser.press("Add the key").await;
    browser.shows("this is a private key").await;
    assert_eq!(browser.find("#key").await.text().await.unwrap(), "");
    browser.examine("instance-key-refused").await;
    browser
        .fill(
            "#key",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        )
        .await;
    browser.press("Add the key").await;
    browser.shows("P-256 or RSA").await;
    browser.fill("#key", KEY).await;
    browser.press("Add the key").await;
    browser.shows("The key was added").await;
    browser.shows("ES256").await;
    browser.examine("instances").await;
    let known = stage.shell.json("instance list");
    assert_eq!(known["keys"][0]["audience"], "https://gateway.example.com");
    browser.press("Remove").await;
    browser.examine("instance-key-remove").await;
    browser.press("Remove the key").await;
    browser.shows("The key was removed").await;
    assert_eq!(
        stage.shell.json("instance list")["keys"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    browser.press("Make an instance").await;
    browser.fill("#instance", "acme").await;
    browser.choose("#client", "Example").await;
    browser.press("Make the instance").await;
    browser.shows("An instance named acme exists").await;
    browser.press("Cancel").await;
    browser.press("Delete…").await;
    browser.examine("instance-delete").await;
    browser.press("Delete the instance").await;
    browser.shows("The instance was deleted").await;
    browser.shows("There is no instance yet").await;
}

#[tokio::test]
async fn an_oauth_client_is_made_given_another_secret_and_revoked() {
    let stage = administering().await;
    let browser = &stage.browser;
    browser.press("OAuth clients").await;
    browser.shows("There is no OAuth client").await;
    browser.press("Make an OAuth client").await;
    browser.fill("#name", "Payroll").await;
    browser.choose("#client", "Example").await;
    browser.press("Make the OAuth client").await;
    browser
        .shows("an OAuth client needs at least one scope")
        .await;
    browser.examine("oauth-client-form-refused").await;
    tick(&stage, "users:read").await;
    browser.press("Make the OAuth client").await;
    browser.shows("client_id").await;
    browser.examine("oauth-client-secret").await;
    let first = secret(&stage).await;
    browser.press("Back to the list").await;
    browser.shows("1 OAuth client").await;
    browser.press("Rotate").await;
    browser.examine("oauth-client-rotate").await;
    browser.press("Make another secret").await;
    let second = secret(&stage).await;
    assert_ne!(first, second);
    browser.press("Back to the list").await;
    browser.examine("oauth-clients").await;
    let known = stage.shell.json("oauth-client list");
    assert_eq!(known["secrets"].as_array().unwrap().len(), 2);
    browser.press("Revoke").await;
    browser.press("Revoke the OAuth client").await;
    browser.shows("The OAuth client was revoked").await;
    browser.shows("There is no OAuth client").await;
    let known = stage.shell.json("oauth-client list");
    assert!(known["revoked_at"].is_string());
}

#[tokio::test]
async fn who_does_not_administer_clients_sees_none_of_it() {
    let stage = Stage::signed_in().await;
    assert!(!stage.browser.text().await.contains("Tokens"));
    for path in ["tokens", "tokens/new", "instances", "oauth-clients"] {
        stage.browser.open(&format!("/console/{path}")).await;
        stage.browser.shows("You may not do that").await;
    }
}
