//! Where a life is played: a server of the built binary, what a dialect sends it, and what each of
//! its APIs shows then.

use serde_json::{Value, json};

use super::{EXTERNAL_ID, Shown, USER_NAME};
use crate::server::Server;
use crate::shell::{CLIENT, Shell};

const SCIM: &str = "scim";
const INSTANCE: &str = "acme";

/// What an identity provider sends for each step of a life.
pub(super) struct Dialect(pub(super) Vec<(&'static str, Vec<Request>)>);

impl Dialect {
    pub(super) fn steps(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn of(&self, step: &str) -> &[Request] {
        let found = self.0.iter().find(|(name, _)| *name == step);
        &found.unwrap_or_else(|| panic!("{step}: nothing is sent")).1
    }
}

/// What is sent, and what must come back. `{user}` and `{group}` stand for ids.
pub(super) struct Request {
    method: &'static str,
    path: &'static str,
    body: Value,
    status: u16,
    finds: Option<usize>,
    is_over_what_was_read: bool,
    names: Option<Named>,
}

/// What the answer's id is the id of.
#[derive(Clone, Copy)]
enum Named {
    User,
    Group,
}

pub(super) fn request(
    method: &'static str,
    path: &'static str,
    body: Value,
    status: u16,
) -> Request {
    Request {
        method,
        path,
        body,
        status,
        finds: None,
        is_over_what_was_read: false,
        names: None,
    }
}

pub(super) fn get(path: &'static str) -> Request {
    request("GET", path, Value::Null, 200)
}

impl Request {
    /// So many resources are found.
    pub(super) fn finds(self, count: usize) -> Self {
        Self {
            finds: Some(count),
            ..self
        }
    }

    /// The body is what the request before brought, with these values instead.
    pub(super) fn over_what_was_read(self) -> Self {
        Self {
            is_over_what_was_read: true,
            ..self
        }
    }

    /// What is answered is the user.
    pub(super) fn names_the_user(self) -> Self {
        Self {
            names: Some(Named::User),
            ..self
        }
    }

    /// What is answered is the group.
    pub(super) fn names_the_group(self) -> Self {
        Self {
            names: Some(Named::Group),
            ..self
        }
    }
}

pub(super) struct Stage {
    server: Server,
    provider: String,
    reader: String,
    user: Option<String>,
    group: Option<String>,
    read: Value,
    _shell: Shell,
}

impl Stage {
    pub(super) fn new(shell: Shell) -> Self {
        shell.json(&format!(
            "client create --name Example --id {CLIENT} --instance {INSTANCE}"
        ));
        let token = |scope: &str| {
            let limits = "--limit gateway-get=100000 --limit gateway-list=100000";
            let line = format!("token create --client {CLIENT} --scope {scope} {limits}");
            shell.json(&line)["token"].as_str().unwrap().to_owned()
        };
        Self {
            server: Server::start(&shell, ""),
            provider: token(SCIM),
            reader: token("users:read,gateway:read"),
            user: None,
            group: None,
            read: Value::Null,
            _shell: shell,
        }
    }

    /// Sends what the dialect sends for a step.
    pub(super) async fn play(&mut self, dialect: &Dialect, step: &str) {
        for request in dialect.of(step) {
            self.send(step, request).await;
        }
    }

    async fn send(&mut self, step: &str, request: &Request) {
        let path = format!("/scim/v2/{CLIENT}{}", self.named(request.path));
        let mut body: Value = serde_json::from_str(&self.named(&request.body.to_string())).unwrap();
        if request.is_over_what_was_read {
            let new = std::mem::replace(&mut body, self.read.clone());
            for (name, value) in new.as_object().unwrap() {
                body[name] = value.clone();
            }
        }
        let body = (!body.is_null()).then_some(&body);
        let answer = self
            .server
            .ask(request.method, &path, &self.provider, body)
            .await;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let what = format!("{step}: {} {path}", request.method);
        assert_eq!(status, request.status, "{what}: {text}");
        self.read = serde_json::from_str(&text).unwrap_or_default();
        if let Some(count) = request.finds {
            assert_eq!(self.read["totalResults"], count, "{what}: {text}");
            assert_eq!(
                self.read["Resources"].as_array().unwrap().len(),
                count,
                "{what}"
            );
        }
        let known = match request.names {
            None => return,
            Some(Named::User) => &mut self.user,
            Some(Named::Group) => &mut self.group,
        };
        let id = self.read["id"].as_str().unwrap().to_owned();
        // Whoever comes back is who they were.
        assert_eq!(*known.get_or_insert(id.clone()), id, "{what}");
    }

    /// The same text with the ids in their places.
    fn named(&self, text: &str) -> String {
        let id = |known: &Option<String>| known.clone().unwrap_or_default();
        text.replace("{user}", &id(&self.user))
            .replace("{group}", &id(&self.group))
    }

    fn user(&self) -> &str {
        self.user.as_ref().expect("the first step creates the user")
    }

    async fn scim(&self, rest: &str, status: u16) -> Value {
        self.read(&format!("/scim/v2/{CLIENT}{rest}"), &self.provider, status)
            .await
    }

    async fn read(&self, path: &str, token: &str, status: u16) -> Value {
        let answer = self.server.get(path, token).await;
        let (met, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(met, status, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(super) async fn shows_in_scim(&self, step: &str, shown: &Shown) {
        let found = self
            .scim(&format!(r#"/Users?filter=userName eq "{USER_NAME}""#), 200)
            .await;
        let ids = each(&found["Resources"], "id");
        let path = format!("/Users/{}", self.user());
        if shown.is_deleted {
            assert_eq!(ids, [""; 0], "{step}");
            self.scim(&path, 404).await;
        } else {
            assert_eq!(ids, [self.user()], "{step}");
            let user = self.scim(&path, 200).await;
            assert_eq!(user["userName"], USER_NAME, "{step}");
            assert_eq!(user["externalId"], EXTERNAL_ID, "{step}");
            assert_eq!(user["active"], shown.is_active, "{step}");
            assert_eq!(user["name"]["familyName"], shown.family_name, "{step}");
            assert_eq!(user["emails"][0]["value"], shown.email, "{step}");
            assert_eq!(
                user.get("title").and_then(Value::as_str),
                shown.title,
                "{step}"
            );
            assert_eq!(each(&user["groups"], "display"), shown.groups, "{step}");
            assert!(
                !user.to_string().contains("1mz050nq"),
                "{step}: a password is shown"
            );
        }
        if let Some(group) = &self.group {
            let group = self.scim(&format!("/Groups/{group}"), 200).await;
            let is_in = !shown.is_deleted && !shown.groups.is_empty();
            let members: &[&str] = if is_in { &[self.user()] } else { &[] };
            assert_eq!(each(&group["members"], "value"), members, "{step}");
        }
    }

    pub(super) async fn shows_in_the_clients_api(&self, step: &str, shown: &Shown) {
        let path = format!("/v2/clients/{CLIENT}/users/{}", self.user());
        let profile = format!("{path}/profile");
        if shown.is_deleted {
            self.read(&path, &self.reader, 404).await;
            self.read(&profile, &self.reader, 404).await;
            return;
        }
        let user = self.read(&path, &self.reader, 200).await;
        assert_eq!(user["username"], USER_NAME, "{step}");
        assert_eq!(each(&user["departments"], "name"), shown.groups, "{step}");
        let profile = self.read(&profile, &self.reader, 200).await;
        is_the_person(&profile, step, shown);
    }

    pub(super) async fn shows_in_the_gateway(&self, step: &str, shown: &Shown) {
        let path = format!("/{INSTANCE}/users/{EXTERNAL_ID}");
        let user = self.read(&path, &self.reader, 200).await;
        let identity = json!({ "id": EXTERNAL_ID, "username": USER_NAME });
        assert_eq!(user["system_identity"], identity, "{step}");
        if shown.is_deleted {
            // Whoever is gone stays there, so that an incremental reader learns of it.
            assert_eq!(user["user"]["state"], "INACTIVE", "{step}");
        } else {
            is_the_person(&user["user"], step, shown);
        }
    }
}

/// What both outbound APIs show of a person.
fn is_the_person(profile: &Value, step: &str, shown: &Shown) {
    let state = if shown.is_active {
        "ACTIVE"
    } else {
        "INACTIVE"
    };
    assert_eq!(profile["state"], state, "{step}");
    assert_eq!(profile["first_name"], "Ann", "{step}");
    assert_eq!(profile["last_name"], shown.family_name, "{step}");
    assert_eq!(profile["email_addr"], shown.email, "{step}");
    let employment = &profile["employment_info"];
    assert_eq!(employment["role"].as_str(), shown.title, "{step}");
    assert_eq!(
        employment["department"].as_str(),
        shown.groups.first().copied(),
        "{step}"
    );
}

/// What the items of a list have under a name; none where there is no list.
fn each<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item[name].as_str().unwrap()).collect()
}
