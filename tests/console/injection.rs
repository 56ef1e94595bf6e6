//! Whatever somebody is called, nothing of it runs, and nothing of it becomes part of a page.

use serde_json::{Value, json};

use crate::shell::CLIENT;
use crate::stage::{Stage, console, token};

const PAYLOADS: &str = include_str!("payloads.txt");

/// What none of our pages has, and each of which a payload would bring.
const FOREIGN: &str = r#"
    const selectors = [
        'script:not([src])', 'script[src^="data:"]', 'iframe', 'object', 'embed', 'base', 'style',
        'math', 'video', 'audio', 'marquee', '[onload]', '[onerror]', '[onfocus]', '[onmouseover]',
        '[ontoggle]', '[onbegin]', '[onstart]', '[style]', '[href^="javascript"]',
        '[src^="javascript"]', '[action^="javascript"]', '[formaction^="javascript"]', '[hx-on\\:click]',
        '[hx-on\\:\\:after-request]', '[data-hx-get]',
    ];
    const found = selectors.filter((selector) => document.querySelector(selector));
    return window.ran === undefined ? found : ['it ran'];
"#;

/// A text as a value in an address.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The page is whole and has nothing in it that is not ours.
async fn assert_harmless(stage: &Stage, payload: &str, path: &str) {
    stage.browser.open(path).await;
    stage.browser.find("main h1").await;
    let foreign = stage.browser.run(FOREIGN).await;
    assert_eq!(foreign, json!([]), "{payload} at {path}");
}

/// A person, all of whose fields are that text.
async fn person(stage: &Stage, payload: &str, number: usize) -> (String, String) {
    let fields = [
        "universal_identifier",
        "email_addr",
        "first_name",
        "last_name",
        "full_name",
    ];
    let employment = [
        "role",
        "manager_email",
        "cost_center_id",
        "cost_center_name",
        "department",
        "office_phone_number",
        "assistant_full_name",
    ];
    let location = ["location", "office", "country_code", "region", "timezone"];
    let all = |names: &[&str]| -> serde_json::Map<String, Value> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), json!(payload)))
            .collect()
    };
    let mut profile = all(&fields);
    let mut employment = all(&employment);
    employment.insert("employment_location".to_owned(), all(&location).into());
    profile.insert("employment_info".to_owned(), employment.into());
    profile.insert("custom_attributes".to_owned(), json!({ payload: payload }));
    let department = json!({ "name": format!("{payload}{number}"), "description": payload });
    let department = stage.send("POST", "/departments", &department).await;
    let key = format!("{number}{payload}");
    let user = json!({
        "username": payload, "user_key": key, "external_id": key, "profile": profile,
        "departments": [department["id"]],
    });
    let user = stage.send("POST", "/users", &user).await;
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    (id(&user), id(&department))
}

#[tokio::test]
async fn no_payload_runs_in_any_field() {
    let stage = Stage::signed_in().await;
    let payloads: Vec<&str> = PAYLOADS.lines().collect();
    assert!(payloads.len() >= 60);
    let columns = "columns=user_key,email,external_id,role,departments,state,last_seen";
    for (number, payload) in payloads.iter().enumerate() {
        let (user, department) = person(&stage, payload, number).await;
        let changed = json!({ "description": format!("{payload}!") });
        stage
            .send("PATCH", &format!("/departments/{department}"), &changed)
            .await;
        let path = format!("/scim/v2/{CLIENT}/Users?{}", encoded(payload));
        let body = json!({ "userName": payload, *payload: payload });
        let asked = stage.server.ask("POST", &path, &stage.token, Some(&body));
        assert!(asked.await.status().as_u16() < 500, "{payload}");
        let user = console(&format!("/users/{user}"));
        let q = encoded(payload);
        for path in [
            user.clone(),
            format!("{user}/profile"),
            format!("{user}/delete"),
            console(&format!("/departments/{department}?find={q}")),
            console(&format!("/departments/{department}/edit")),
            console(&format!("/users?{columns}&q={q}")),
        ] {
            assert_harmless(&stage, payload, &path).await;
        }
        // What the page shows is the text itself.
        stage.browser.open(&user).await;
        let heading = stage.browser.find("h1").await.text().await.unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&heading), words(payload));
    }
    for path in [
        console(&format!("/users?{columns}")),
        console(&format!("/users?{columns}&sort_order=desc")),
        console("/changes"),
        console("/users?seen=never"),
        console("/departments"),
    ] {
        assert_harmless(&stage, "all", &path).await;
    }
    // The log of SCIM requests is written after they were answered.
    let count = format!("{} requests", payloads.len());
    let is_written = async || {
        stage.browser.open(&console("/scim-log")).await;
        stage.browser.text().await.contains(&count)
    };
    stage.browser.until("the log is written", is_written).await;
    assert_harmless(&stage, "all", &console("/scim-log")).await;
    for (number, payload) in payloads.iter().enumerate() {
        let path = console(&format!("/scim-log/{}", number + 1));
        assert_harmless(&stage, payload, &path).await;
    }
    stage.browser.uncomplaining("payloads").await;
}

#[tokio::test]
async fn no_payload_runs_in_an_address_or_a_name_of_the_clients() {
    let stage = Stage::signed_in().await;
    let admin = stage
        .shell
        .json("token create --all-clients --scope admin --name x");
    let admin = admin["token"].as_str().unwrap();
    for payload in PAYLOADS.lines() {
        let path = format!("/v2/clients/{CLIENT}");
        let renamed = stage
            .server
            .send("PATCH", &path, admin, &json!({ "name": payload }))
            .await;
        assert_eq!(renamed.status(), 200, "{payload}");
        let text = encoded(payload);
        for path in [
            console("/users"),
            console(&format!("/users?{text}={text}")),
            console(&format!("/departments?q={text}")),
            console(&format!("/scim-log?q={text}")),
            format!("/console/{text}"),
            format!("/console/clients/{text}/users"),
            format!("/console/sign-in?next={text}"),
        ] {
            assert_harmless(&stage, payload, &path).await;
        }
    }
}

/// Sends a form of the page that is open, as its script could, and says what of the answer is not ours.
async fn sent(stage: &Stage, path: &str, fields: &[(&str, &str)]) -> Value {
    let fields = serde_json::to_string(fields).unwrap();
    let selectors = FOREIGN.split("const found").next().unwrap();
    let script = format!(
        "{selectors}
         const done = arguments[arguments.length - 1];
         const body = new URLSearchParams({fields});
         body.append('form_key', document.querySelector('[name=form_key]').value);
         fetch({path:?}, {{ method: 'POST', body }}).then((answer) => answer.text()).then((text) => {{
             const page = new DOMParser().parseFromString(text, 'text/html');
             done(selectors.filter((selector) => page.querySelector(selector)));
         }}, (error) => done(String(error)));"
    );
    let page = &stage.browser.page;
    page.execute_async(&script, Vec::new()).await.unwrap()
}

/// A public key of P-256.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
";

#[tokio::test]
async fn no_payload_runs_in_a_name_that_who_administers_gives() {
    let mut stage = Stage::new().await;
    let scopes = "console users:read gateway:read admin";
    stage.token = token(&stage.shell, "--all-clients", scopes);
    stage.sign_in().await;
    let instance = [("instance", "acme"), ("client", CLIENT)];
    sent(&stage, "/console/instances/new", &instance).await;
    for payload in PAYLOADS.lines() {
        let made = [
            ("name", payload),
            ("client", CLIENT),
            ("scope", "users:read"),
        ];
        let token = [&made[..], &[("expires", "90")]].concat();
        let key = [("audience", payload), ("key", KEY)];
        for (path, fields) in [
            ("/console/tokens/new", &token[..]),
            ("/console/tokens", &token[..]),
            ("/console/oauth-clients/new", &made[..]),
            (
                "/console/instances/new",
                &[("instance", payload), ("client", payload)],
            ),
            ("/console/instances/acme/keys/new", &key[..]),
        ] {
            assert_eq!(
                sent(&stage, path, fields).await,
                json!([]),
                "{payload} at {path}"
            );
        }
    }
    for path in [
        "/console/tokens",
        "/console/oauth-clients",
        "/console/instances",
    ] {
        assert_harmless(&stage, "all", path).await;
        let shown = stage.browser.text().await;
        assert!(
            shown.contains("javascript:window.ran=1"),
            "{path} shows {shown}"
        );
    }
    stage
        .browser
        .uncomplaining("payloads of who administers")
        .await;
}

#[tokio::test]
async fn no_payload_runs_in_a_file_that_is_imported() {
    let stage = Stage::signed_in().await;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut file = "username,full_name,departments,state\n".to_owned();
    for payload in PAYLOADS.lines() {
        let cell = quoted(payload);
        // Rows that would do something, and rows that are refused for what they say.
        file += &format!("{cell},{cell},{cell},ACTIVE\nx{cell},{cell},,{cell}\n");
    }
    for payload in PAYLOADS.lines() {
        stage.browser.open(&console("/import")).await;
        let address = console(&format!("/import?file_name={}.csv", encoded(payload)));
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const key = document.querySelector('[name=form_key]').value;
             const headers = {{ 'x-form-key': key, 'content-type': 'text/csv' }};
             fetch({address:?}, {{ method: 'POST', headers, body: {file:?} }}).then(
                 (answer) => done(answer.headers.get('location')), (error) => done(String(error)));"
        );
        let page = &stage.browser.page;
        let place = page.execute_async(&script, Vec::new()).await.unwrap();
        let Some(place) = place.as_str() else {
            panic!("{payload}: the file was not taken");
        };
        assert_harmless(&stage, payload, place).await;
        stage.browser.press("Discard the file").await;
        stage.browser.shows("The file was discarded").await;
    }
    stage.browser.uncomplaining("payloads of a file").await;
}
