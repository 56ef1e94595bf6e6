//! A client at one glance: whether its agents report, who is stale, what is held back.

use rollcall::model::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::shell::CLIENT;
use crate::stage::{Stage, console, token};

/// When the test began, near enough.
struct Began(Timestamp);

impl Began {
    async fn of(stage: &Stage) -> Self {
        let made = stage.get("").await["created_at"].clone();
        Self(Timestamp::parse(made.as_str().unwrap()).unwrap())
    }

    /// The moment so many days ago, as the API writes it.
    fn days_ago(&self, days: i64) -> String {
        let moment = self.0.plus_milliseconds(-days * 24 * 3_600_000);
        moment.with_milliseconds()
    }

    /// That somebody was seen so many days ago.
    fn report(&self, user: &str, channel: &str, days: i64) -> Value {
        json!({ "user_id": user, "channel": channel, "at": self.days_ago(days) })
    }
}

async fn report_all(stage: &Stage, reports: &[Value]) {
    let body = json!({ "reports": reports });
    let receipt = stage.send("POST", "/activity", &body).await;
    assert_eq!(receipt["rejected"], json!([]), "{receipt}");
}

/// Imports so many people who have been there for 70 days.
fn import(stage: &Stage, began: &Began, count: usize) {
    let made = began.days_ago(70);
    let rows: String = (0..count)
        .map(|number| format!("person{number:02},person{number:02},{made},Sales\n"))
        .collect();
    let head = "username,user_key,created_at,departments\n";
    stage.shell.write("people.csv", &format!("{head}{rows}"));
    let line = format!("import --client {CLIENT} people.csv");
    stage.shell.text(&line);
}

#[tokio::test]
async fn a_client_without_people_says_how_to_begin() {
    let stage = Stage::new().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    // Who may see one client comes to it at once.
    assert_eq!(browser.path().await, console(""));
    browser.shows("Nobody is here yet").await;
    browser
        .shows("Nobody has provisioned people over SCIM")
        .await;
    browser.shows("No file was imported yet").await;
    browser.examine("overview-empty").await;
    stage.user("anna", json!({})).await;
    browser.open(&console("")).await;
    browser.shows("No agent has ever reported anybody").await;
    browser.shows("doubtful").await;
    // The chart is made beside the page.
    browser.find("svg.trend").await;
    browser.examine("overview-never-reported").await;
}

#[tokio::test]
async fn a_client_is_seen_at_one_glance() {
    let stage = Stage::signed_in().await;
    let began = Began::of(&stage).await;
    let browser = &stage.browser;
    import(&stage, &began, 40);
    let service = stage.department("Field service & repair").await;
    let users = stage.get("/users?page_size=100").await["data"].clone();
    let users = users.as_array().unwrap();
    let ids: Vec<&str> = users
        .iter()
        .map(|user| user["id"].as_str().unwrap())
        .collect();
    let mut reports = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        for days in (5..60).filter(|days| (days * 7 + number * 5) % 11 < days % 6) {
            reports.push(began.report(id, "desktop", days));
        }
    }
    reports.extend(ids[..25].iter().map(|id| began.report(id, "web", 0)));
    for some in reports.chunks(500) {
        report_all(&stage, some).await;
    }
    // An import brings what was reported to the days at once.
    import(&stage, &began, 40);
    for id in &ids[..12] {
        let body = json!({ "departments": [service] });
        stage.send("PATCH", &format!("/users/{id}"), &body).await;
    }
    browser.open(&console("?chart=now")).await;
    browser.shows("Desktop agents have been silent since").await;
    browser.examine("overview-silent").await;

    report_all(&stage, &[began.report(ids[0], "desktop", 0)]).await;
    browser.open(&console("")).await;
    browser.shows("Reporting").await;
    let text = browser.text().await;
    assert!(!text.contains("cannot be told"), "{text}");
    browser.press("The same as a table").await;
    browser.examine("overview").await;
    let stale = browser.find("a[aria-label='Stale: 15']").await;
    stale.click().await.unwrap();
    browser.shows("15 users").await;
    browser.page.back().await.unwrap();
    let active = browser.find("a[aria-label='Active: 25']").await;
    active.click().await.unwrap();
    browser.shows("25 users").await;
    browser.page.back().await.unwrap();
    browser.press("Field service & repair").await;
    browser.shows("12 users").await;
}

#[tokio::test]
async fn stale_people_are_deactivated_only_while_agents_report() {
    let stage = Stage::signed_in().await;
    let began = Began::of(&stage).await;
    let browser = &stage.browser;
    let mut ids = Vec::new();
    for name in ["anna", "bert", "cleo", "dora"] {
        ids.push(stage.user(name, json!({})).await);
    }
    let long_ago: Vec<Value> = ids.iter().map(|id| began.report(id, "web", 40)).collect();
    report_all(&stage, &long_ago).await;

    browser.open(&console("/stale?days=30")).await;
    browser.shows("Browser agents have been silent since").await;
    browser.shows("nobody can be deactivated").await;
    browser.examine("stale-silent").await;
    let buttons = "return document.querySelectorAll('main button.danger').length";
    assert_eq!(browser.run(buttons).await, 0);
    // The same form as it would be, for who makes it up.
    let forged = "const form = document.querySelector('form[action=\"/console/sign-out\"]');
        form.action = location.pathname;
        const days = document.createElement('input');
        [days.type, days.name, days.value] = ['hidden', 'days', '30'];
        form.append(days);
        form.submit();";
    browser.run(forged).await;
    browser.shows("Nobody can say who is stale").await;
    browser.examine("stale-refused").await;
    let active = stage.get("/users?state=active&page_size=1").await;
    assert_eq!(active["total_count"], 4, "{active}");

    report_all(&stage, &[began.report(&ids[3], "web", 0)]).await;
    browser.open(&console("")).await;
    browser
        .press("Deactivate people whom nobody has seen for long…")
        .await;
    browser.shows("Nobody is that stale").await;
    browser.examine("stale-nobody").await;
    browser.choose("#days", "30 days").await;
    browser.press("Look them up").await;
    browser.shows("3 users were not seen for 30 days").await;
    browser.examine("stale").await;
    browser.press("Deactivate 3 users").await;
    browser.shows("Deactivated: 3 users").await;
    browser.examine("stale-done").await;
    let inactive = stage.get("/users?state=inactive&page_size=1").await;
    assert_eq!(inactive["total_count"], 3, "{inactive}");
    // One of them is needed after all: that is theirs, and stays so.
    browser.press("bert").await;
    browser.press("Undo").await;
    browser.shows("The change was undone.").await;
    browser.page.back().await.unwrap();
    browser.page.back().await.unwrap();
    browser.page.refresh().await.unwrap();
    browser.press("Activate 2 users again").await;
    browser.shows("Activated again: 2 users.").await;
    browser.shows("None of them is inactive any more").await;
    browser.examine("stale-activated").await;
    let inactive = stage.get("/users?state=inactive&page_size=1").await;
    assert_eq!(inactive["total_count"], 0, "{inactive}");
}

/// Makes people of these names over SCIM, and says their ids.
async fn provisioned(stage: &Stage, names: impl Iterator<Item = String>) -> Vec<String> {
    let path = format!("/scim/v2/{CLIENT}/Users");
    let mut ids = Vec::new();
    for name in names {
        let user = json!({ "userName": name });
        let made = stage.server.ask("POST", &path, &stage.token, Some(&user));
        let made: Value = serde_json::from_str(&made.await.text().await.unwrap()).unwrap();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Deletes people over SCIM.
async fn leave(stage: &Stage, ids: &[String]) {
    for id in ids {
        let path = format!("/scim/v2/{CLIENT}/Users/{id}");
        let gone = stage.server.ask("DELETE", &path, &stage.token, None);
        assert_eq!(gone.await.status(), 204);
    }
}

#[tokio::test]
async fn what_is_held_back_is_approved_or_rejected() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.open(&console("/holds")).await;
    browser.shows("Nothing is held back").await;
    browser.examine("holds-none").await;
    let names = (0..75).map(|number| format!("person{number:02}"));
    let ids = provisioned(&stage, names).await;
    leave(&stage, &ids).await;
    let is_logged = async || {
        browser.open(&console("")).await;
        browser.text().await.contains("150 requests")
    };
    browser
        .until("the requests are in the log", is_logged)
        .await;
    browser
        .shows("What it asked of 56 people is held back")
        .await;
    browser.examine("overview-held").await;
    browser.press("See what is held").await;
    browser.shows("delete 56 users").await;
    browser.examine("holds").await;
    browser.press("Next page").await;
    browser.shows("First page").await;
    browser.press("Approve chosen…").await;
    browser.shows("Nobody is chosen").await;
    browser.examine("holds-nobody").await;
    browser.press("Back to what is held").await;
    let box_of = |id: &str| format!("input[name=users][value='{id}']");
    for id in &ids[19..21] {
        browser.find(&box_of(id)).await.click().await.unwrap();
    }
    browser.press("Reject chosen…").await;
    browser.shows("Reject what is held of 2 people?").await;
    browser.examine("holds-reject").await;
    browser.press("Reject it for 2 people").await;
    browser.shows("Rejected what was held of 2 people.").await;
    browser.examine("holds-rejected").await;
    browser.press("Approve all…").await;
    browser.shows("Approve what is held of 54 people?").await;
    browser.examine("holds-approve").await;
    // Who came after the question was asked is not among them.
    let late = provisioned(&stage, std::iter::once("late".to_owned())).await;
    leave(&stage, &late).await;
    browser.press("Approve it for 54 people").await;
    browser.shows("Approved what was held of 54 people.").await;
    browser.shows("delete 1 user").await;
    let left = stage.get("/users?page_size=100").await;
    assert_eq!(left["total_count"], 3, "{left}");

    let reader = token(
        &stage.shell,
        &format!("--client {CLIENT}"),
        "console users:read",
    );
    browser.open("/console/sign-in").await;
    browser.fill("#token", &reader).await;
    browser.press("Sign in").await;
    browser.open(&console("/holds")).await;
    browser.shows("late").await;
    let text = browser.text().await;
    assert!(!text.contains("Approve"), "{text}");
}
