//! `/console`: who is let in to which page, and that nobody else's page sends its forms.

use std::collections::BTreeSet;
use std::time::Duration;

use hyper::Method;
use rollcall::http::console::Reach;
use rollcall::http::routes::{self, Route};
use rollcall::model::scope::Scope;
use rollcall::model::session::SessionSecret;
use rollcall::model::token::ClientSet;

use crate::support::callers::Anonymous;
use crate::support::{Answer, Bearer, Caller, EVERY_SCOPE, Question, Tenant, World};

const FORM: &str = "application/x-www-form-urlencoded";
const SIGN_IN: &str = "/console/sign-in";
const HOUR: Duration = Duration::from_secs(60 * 60);
const MOMENT: Duration = Duration::from_millis(1);

/// Somebody in a browser, with or without a session.
#[derive(Clone)]
struct Browser {
    anonymous: Anonymous,
    session: Option<SessionSecret>,
}

impl Browser {
    fn of(world: &World) -> Self {
        Self { anonymous: world.anonymous(), session: None }
    }

    /// The browser of who has signed in with that token.
    async fn signed_in(world: &World, bearer: &Bearer) -> Self {
        let answer = sign_in(world, bearer).await.must_be(303);
        let session = cookie(&answer, "__Host-rollcall").expect("a session");
        Self { session: Some(session), ..Self::of(world) }
    }

    fn ask(&self, method: &str, path: &str) -> Question {
        let question = self.anonymous.ask(method, path);
        match &self.session {
            None => question,
            Some(session) => question.header("cookie", &format!("__Host-rollcall={}", session.reveal())),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send().await
    }

    /// Sends a form with the session's key and these fields.
    async fn post(&self, path: &str, fields: &str) -> Answer {
        let key = self.session.as_ref().map(SessionSecret::form_key);
        let form = format!("form_key={}&{fields}", key.unwrap_or_default());
        self.ask("POST", path).header("content-type", FORM).body(form).send().await
    }
}

fn cookie(answer: &Answer, name: &str) -> Option<SessionSecret> {
    let mut set = answer.headers.get_all("set-cookie").iter();
    set.find_map(|line| {
        let (known, rest) = line.to_str().ok()?.split_once('=')?;
        SessionSecret::parse(rest.split(';').next()?).filter(|_| known == name)
    })
}

async fn sign_in(world: &World, bearer: &Bearer) -> Answer {
    let page = world.anonymous().get(SIGN_IN).await.must_be(200);
    let entrance = cookie(&page, "__Host-rollcall-entrance").expect("an entrance");
    let form = format!("form_key={}&token={}&next=", entrance.form_key(), bearer.secret);
    let question = world.anonymous().ask("POST", SIGN_IN);
    let question = question.header("cookie", &format!("__Host-rollcall-entrance={}", entrance.reveal()));
    question.header("content-type", FORM).body(form).send().await
}

/// Whether somebody is sent to where one signs in.
fn is_sent_away(answer: &Answer) -> bool {
    answer.status == 303 && answer.header("location").starts_with(SIGN_IN)
}

fn every_scope() -> Vec<Scope> {
    [&EVERY_SCOPE[..], &[Scope::Console]].concat()
}

/// A client's console, its somebody and its something.
struct Stage {
    client: Tenant,
    user: String,
    department: String,
}

impl Stage {
    async fn new() -> Self {
        let client = Tenant::new().await;
        let user = client.user("a-secret-name").await;
        let department = client.department("a-secret-name").await;
        client.instance("acme").await;
        Self { client, user, department }
    }

    fn path(&self, template: &str) -> String {
        let path = self.client.filled(template, &self.user, &self.department);
        path.split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    }

    async fn visitor(&self, clients: ClientSet, scopes: &[Scope]) -> Browser {
        let world = &self.client.world;
        Browser::signed_in(world, &world.token(clients, scopes).await).await
    }

    /// What a page answers to a form with the right key and nothing else in it.
    async fn ask(&self, browser: &Browser, route: &Route<Reach>) -> Answer {
        let path = self.path(route.path);
        match route.method {
            Method::GET => browser.get(&path).await,
            _ => browser.post(&path, "").await,
        }
    }
}

#[tokio::test]
async fn each_page_lets_in_whom_it_is_for() {
    let stage = Stage::new().await;
    let own = ClientSet::One(stage.client.id);
    let nobody = Browser::of(&stage.client.world);
    let stranger = Browser {
        session: Some(SessionSecret::from_random([7; 32])),
        ..nobody.clone()
    };
    let other = stage.client.world.client("Other").await;
    let others = stage.visitor(ClientSet::One(other), &every_scope()).await;
    let bare = stage.visitor(own, &[Scope::Console]).await;
    let before = stage.client.numbers().await;
    for route in routes::pages() {
        for browser in [&nobody, &stranger] {
            let answer = stage.ask(browser, &route).await;
            let is_open = route.needs == Reach::Anybody;
            assert_eq!(is_sent_away(&answer), !is_open, "{} {answer}", route.name);
        }
        for browser in [&bare, &others] {
            // Who is signed in may sign out.
            if matches!(route.needs, Reach::Client(_) | Reach::Admin) {
                let answer = stage.ask(browser, &route).await;
                assert_eq!(answer.status, 403, "{} {answer}", route.name);
                assert!(!answer.text().contains("a-secret-name"), "{}", route.name);
            }
        }
        assert_eq!(stage.client.numbers().await, before, "{}", route.name);
    }
}

#[tokio::test]
async fn each_page_of_a_client_is_there_for_who_has_its_scope_and_no_other() {
    let stage = Stage::new().await;
    let own = ClientSet::One(stage.client.id);
    let is_clients = |route: &&Route<Reach>| matches!(route.needs, Reach::Client(_));
    let mut left = routes::pages().iter().filter(is_clients).count();
    // Signed in once a scope: who signs in too often has to wait.
    for scope in every_scope() {
        let right = stage.visitor(own, &[Scope::Console, scope]).await;
        let others: Vec<Scope> = every_scope().into_iter().filter(|one| *one != scope).collect();
        let wrong = stage.visitor(own, &[&others[..], &[Scope::Console]].concat()).await;
        for route in routes::pages().iter().filter(|route| route.needs == Reach::Client(scope)) {
            let answer = stage.ask(&right, route).await;
            assert!(answer.status != 403 && !is_sent_away(&answer), "{} {answer}", route.name);
            assert!(answer.status < 500, "{} {answer}", route.name);
            assert_eq!(stage.ask(&wrong, route).await.status, 403, "{}", route.name);
            left -= 1;
        }
    }
    assert_eq!(left, 0, "a page needs a scope that is not among all");
}

#[tokio::test]
async fn no_form_is_taken_that_is_not_the_sessions_own() {
    let stage = Stage::new().await;
    let visitor = stage.visitor(ClientSet::All, &[&every_scope()[..], &[Scope::Admin]].concat()).await;
    let key = visitor.session.as_ref().unwrap().form_key();
    let foreign = SessionSecret::from_random([7; 32]).form_key();
    let before = stage.client.numbers().await;
    for route in routes::pages() {
        if route.method != Method::POST || route.needs == Reach::Anybody {
            continue;
        }
        let path = stage.path(route.path);
        let send = |form: String, site: &'static str| {
            let question = visitor.ask("POST", &path).header("content-type", FORM);
            question.header("sec-fetch-site", site).body(form).send()
        };
        let cases = [
            (String::new(), "same-origin"),
            (format!("form_key={foreign}"), "same-origin"),
            (format!("form_key={key}"), "cross-site"),
            (format!("form_key={key}"), "same-site"),
        ];
        for (form, site) in cases {
            let answer = send(form.clone(), site).await;
            assert_eq!(answer.status, 403, "{} {form} {site}", route.name);
            assert!(answer.text().contains("out of date"), "{} {form} {site}", route.name);
        }
        let question = visitor.ask("POST", &path).header("x-form-key", &foreign);
        assert_eq!(question.send().await.status, 403, "{}", route.name);
    }
    assert_eq!(stage.client.numbers().await, before);
    visitor.get("/console").await.must_be(303);
}

#[tokio::test]
async fn every_answer_forbids_what_a_page_could_be_made_to_do() {
    let stage = Stage::new().await;
    let visitor = stage.visitor(ClientSet::All, &[&every_scope()[..], &[Scope::Admin]].concat()).await;
    let mut policies = BTreeSet::new();
    for route in routes::pages() {
        if route.path.contains("sign-out") {
            continue;
        }
        let answer = stage.ask(&visitor, &route).await;
        policies.insert(answer.header("content-security-policy").to_owned());
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{}", route.name);
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{}", route.name);
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{}", route.name);
        assert_eq!(answer.header("cache-control"), "no-store", "{}", route.name);
    }
    let nowhere = visitor.get("/console/nowhere").await.must_be(404);
    policies.insert(nowhere.header("content-security-policy").to_owned());
    let put = visitor.ask("PUT", "/console").send().await.must_be(405);
    policies.insert(put.header("content-security-policy").to_owned());
    assert_eq!(policies.len(), 1, "{policies:?}");
    let policy = policies.first().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn a_sessions_cookie_is_for_this_host_alone_and_for_no_script() {
    let stage = Stage::new().await;
    let bearer = stage.client.token(&every_scope()).await;
    let answer = sign_in(&stage.client.world, &bearer).await.must_be(303);
    let set = answer.headers.get_all("set-cookie").iter();
    let session = set.map(|value| value.to_str().unwrap()).find(|value| value.starts_with("__Host-rollcall="));
    let rest = session.unwrap().split_once(';').unwrap().1;
    assert_eq!(rest, " Max-Age=43200; Path=/; Secure; HttpOnly; SameSite=Strict");
}

#[tokio::test]
async fn a_session_ends_with_its_day_its_token_and_its_owners_word() {
    let stage = Stage::new().await;
    let world = &stage.client.world;
    let (other_node, users) = (world.another_server().await, stage.path("/console/clients/{client_id}/users"));
    let bearer = stage.client.token(&every_scope()).await;
    let days = Browser::signed_in(world, &bearer).await;
    world.clock().advance(12 * HOUR - MOMENT);
    days.get(&users).await.must_be(200);
    world.clock().advance(MOMENT);
    assert!(is_sent_away(&days.get(&users).await), "after twelve hours");

    let end = world.app().now().plus_milliseconds(60 * 60 * 1_000);
    let short = world.token_with(ClientSet::One(stage.client.id), &every_scope(), "", Some(end)).await;
    let short = Browser::signed_in(world, &short).await;
    world.clock().advance(HOUR);
    assert!(is_sent_away(&short.get(&users).await), "when the token is over");

    let (one, another) = (Browser::signed_in(world, &bearer).await, Browser::signed_in(world, &bearer).await);
    let elsewhere = Browser { anonymous: other_node.anonymous(), ..another.clone() };
    elsewhere.get(&users).await.must_be(200);
    assert!(is_sent_away(&one.post("/console/sign-out", "").await));
    assert!(is_sent_away(&one.get(&users).await), "after signing out");
    another.get(&users).await.must_be(200);
    another.post("/console/sign-out-everywhere", "").await;
    assert!(is_sent_away(&elsewhere.get(&users).await), "after signing out everywhere");

    let revoked = Browser::signed_in(world, &bearer).await;
    world.revoke(bearer.id.unwrap()).await;
    assert!(is_sent_away(&revoked.get(&users).await), "when the token is revoked");
}

#[tokio::test]
async fn who_tries_too_often_has_to_wait() {
    let stage = Stage::new().await;
    let world = &stage.client.world;
    let bearer = stage.client.token(&[Scope::UsersRead]).await;
    let mut statuses = BTreeSet::new();
    for _ in 0..61 {
        statuses.insert(sign_in(world, &bearer).await.status);
    }
    assert_eq!(statuses, BTreeSet::from([403, 429]));
    let right = stage.client.token(&every_scope()).await;
    assert_eq!(sign_in(world, &right).await.status, 429);
    world.clock().advance(HOUR);
    assert_eq!(sign_in(world, &right).await.status, 303);
}

#[tokio::test]
async fn an_old_session_ends_when_there_are_too_many() {
    let stage = Stage::new().await;
    let world = &stage.client.world;
    let bearer = stage.client.token(&every_scope()).await;
    let first = Browser::signed_in(world, &bearer).await;
    let second = Browser::signed_in(world, &bearer).await;
    for _ in 0..99 {
        // Nobody's patience is tried.
        world.clock().advance(Duration::from_secs(2));
        Browser::signed_in(world, &bearer).await;
    }
    let users = stage.path("/console/clients/{client_id}/users");
    let still = [first.get(&users).await, second.get(&users).await];
    let left = still.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(left, 1, "100 stay, and 101 were begun");
}

#[tokio::test]
async fn a_link_of_another_site_leads_to_the_page_all_the_same() {
    let stage = Stage::new().await;
    let path = stage.path("/console/clients/{client_id}/users/{user_id}");
    let question = stage.client.world.anonymous().ask("GET", &path);
    let answer = question.header("sec-fetch-site", "cross-site").send().await.must_be(200);
    let again = format!("<meta http-equiv=\"refresh\" content=\"0; url={path}\">");
    assert!(answer.text().contains(&again), "{answer}");
    assert!(!answer.text().contains("a-secret-name"));
}

#[tokio::test]
async fn a_tokens_limit_holds_in_the_console_too() {
    let stage = Stage::new().await;
    let world = &stage.client.world;
    let own = ClientSet::One(stage.client.id);
    let bearer = world.token_with(own, &every_scope(), "api=2", None).await;
    let visitor = Browser::signed_in(world, &bearer).await;
    let users = stage.path("/console/clients/{client_id}/users");
    visitor.get(&users).await.must_be(200);
    visitor.get(&users).await.must_be(200);
    visitor.get(&users).await.must_be(429);
}

#[tokio::test]
async fn the_first_page_of_users_and_all_its_files_are_small() {
    let stage = Stage::new().await;
    let long = "x".repeat(40);
    for number in 0..60 {
        stage.client.user(&format!("{long}{number:02}")).await;
    }
    let visitor = stage.visitor(ClientSet::One(stage.client.id), &every_scope()).await;
    let users = stage.path("/console/clients/{client_id}/users");
    let page = visitor.get(&users).await.must_be(200);
    assert_eq!(page.text().matches("<tr>").count(), 51);
    let addresses = page.text().split('"').filter(|part| part.starts_with("/console/assets/"));
    let addresses: BTreeSet<&str> = addresses.collect();
    assert_eq!(addresses.len(), 5);
    let mut bytes = page.body.len();
    for address in addresses {
        let question = visitor.ask("GET", address).header("accept-encoding", "gzip, br");
        let file = question.send().await.must_be(200);
        assert_eq!(file.header("content-encoding"), "gzip");
        assert!(file.header("cache-control").contains("immutable"));
        bytes += file.body.len();
    }
    assert!(bytes < 100_000, "{bytes} bytes");
}

/// A public key of P-256.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
";

#[tokio::test]
async fn nobody_hands_on_a_scope_that_they_do_not_have() {
    let stage = Stage::new().await;
    let own = ClientSet::One(stage.client.id);
    let scopes = [Scope::Console, Scope::Admin, Scope::UsersRead];
    let visitor = stage.visitor(ClientSet::All, &scopes).await;
    let token = format!("name=x&client={}&expires=90&scope=", stage.client.id);
    for path in ["/console/tokens/new", "/console/tokens"] {
        let refused = visitor.post(path, &format!("{token}users:write")).await.must_be(400);
        assert!(refused.text().contains("not one of your own"), "{path} {refused}");
    }
    visitor.post("/console/tokens", &format!("{token}users:read")).await.must_be(303);
    let other = stage.client.world.token(own, &[Scope::UsersWrite]).await;
    let rotate = format!("/console/tokens/{}/rotate", other.id.unwrap());
    let refused = visitor.post(&rotate, "").await;
    assert!(refused.text().contains("not one of your own"), "{refused}");
    other.get(&stage.client.path("/users/x")).await.must_be(403);
    let machine = format!("name=x&client={}&scope=scim", stage.client.id);
    let refused = visitor.post("/console/oauth-clients/new", &machine).await.must_be(400);
    assert!(refused.text().contains("not one of your own"), "{refused}");
    let pem = KEY.replace('+', "%2B").replace('\n', "%0A");
    let key = format!("audience=https://a.example&key={pem}");
    let path = "/console/instances/acme/keys/new";
    let refused = visitor.post(path, &key).await.must_be(400);
    assert!(refused.text().contains("not one of your own"), "{refused}");
}
