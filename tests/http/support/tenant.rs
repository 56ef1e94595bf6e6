//! A client with somebody who may do everything to it: what most tests begin with.

use rollcall::model::change::Source;
use rollcall::model::id::ClientId;
use rollcall::model::import::Format;
use rollcall::model::scope::Scope;
use rollcall::model::token::ClientSet;
use rollcall::operations::caller::Access;
use rollcall::operations::import::jobs::{self, File};
use serde_json::{Value, json};

use super::{Answer, Bearer, Caller, Question, World};

/// All that a token of one client can have.
pub const EVERY_SCOPE: [Scope; 7] = [
    Scope::UsersRead,
    Scope::UsersWrite,
    Scope::UsersEnroll,
    Scope::DepartmentsWrite,
    Scope::ActivityWrite,
    Scope::GatewayRead,
    Scope::Scim,
];

/// A well-formed id of nothing.
const NOTHING: &str = "c3f19253-26g4-6129-c461-215h9658429d";

/// A client and its own bearer of everything.
#[derive(Clone)]
pub struct Tenant {
    pub world: World,
    pub id: ClientId,
    pub bearer: Bearer,
}

impl Tenant {
    /// A client in a world of its own.
    pub async fn new() -> Self {
        Self::within(&World::new().await, "Acme").await
    }

    pub async fn within(world: &World, name: &str) -> Self {
        let id = world.client(name).await;
        Self::of(world, id).await
    }

    pub async fn of(world: &World, id: ClientId) -> Self {
        Self {
            world: world.clone(),
            id,
            bearer: world.token(ClientSet::One(id), &EVERY_SCOPE).await,
        }
    }

    /// The bearer of another token of this client.
    pub async fn token(&self, scopes: &[Scope]) -> Bearer {
        self.world.token(ClientSet::One(self.id), scopes).await
    }

    /// The whole path of what lies under the client.
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/clients/{}{rest}", self.id)
    }

    /// A route's path about this client, its instance `acme`, and these two.
    pub fn filled(&self, template: &str, user: &str, department: &str) -> String {
        template
            .replace("{client_id}", self.id.as_str())
            .replace("{user_id}", user)
            .replace("{department_id}", department)
            .replace("{instance}", "acme")
            .replace("{userId}", user)
            .replace("{import_id}", NOTHING)
            .replace("{file}", "index.html")
            .replace("{name}", "User")
            .replace("{urn}", "urn:ietf:params:scim:schemas:core:2.0:User")
    }

    pub fn ask(&self, method: &str, rest: &str) -> Question {
        self.bearer.ask(method, &self.path(rest))
    }

    pub async fn get(&self, rest: &str) -> Answer {
        self.ask("GET", rest).send().await
    }

    pub async fn delete(&self, rest: &str) -> Answer {
        self.bearer.delete(&self.path(rest)).await
    }

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    pub async fn post(&self, rest: &str, body: Value) -> Answer {
        self.ask("POST", rest).json(&body).send().await
    }

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    pub async fn patch(&self, rest: &str, body: Value) -> Answer {
        self.ask("PATCH", rest).json(&body).send().await
    }

    /// Creates a user whose key is the name, and says the id.
    pub async fn user(&self, name: &str) -> String {
        let body = json!({ "username": name, "user_key": name });
        self.post("/users", body).await.must_be(201).at("/id")
    }

    /// Creates a department, and says the id.
    pub async fn department(&self, name: &str) -> String {
        let made = self.post("/departments", json!({ "name": name })).await;
        made.must_be(201).at("/id")
    }

    /// Has imported a file of that name, of which nothing changes anybody, and says the import's id.
    pub async fn imported(&self, file_name: &str) -> String {
        let access = Access::of_command_line(self.id, Source::Import);
        let file = File {
            name: file_name.into(),
            format: Format::Csv,
            bytes: 9,
            content: "username\n".as_bytes(),
        };
        let app = self.world.app();
        jobs::run(app, &access, file, |_| {}).await.unwrap();
        let listed = jobs::list(app, &access, 1).await.unwrap();
        listed[0].import.id.to_string()
    }

    /// Makes the user a member of exactly these departments.
    pub async fn assign(&self, user: &str, departments: &[&str]) -> Answer {
        let body = json!({ "departments": departments });
        let path = format!("/users/{user}");
        self.patch(&path, body).await.must_be(200)
    }

    /// Reports one sight of somebody.
    pub async fn seen(&self, user_key: &str, channel: &str, at: &str) {
        let report = json!({ "user_key": user_key, "channel": channel, "at": at });
        let answer = self.post("/activity", json!({ "reports": [report] })).await;
        assert_eq!(answer.must_be(202).at("/accepted"), "1");
    }

    /// Makes the client's gateway instance `name`.
    pub async fn instance(&self, name: &str) {
        self.world.instance(name, self.id).await;
    }

    /// Asks a gateway with the client's own token.
    pub async fn gateway(&self, path: &str) -> Answer {
        self.bearer.get(path).await
    }

    pub async fn numbers(&self) -> (i64, i64) {
        self.world.numbers(self.id).await
    }
}
