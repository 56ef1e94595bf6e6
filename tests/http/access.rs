//! Each route × each kind of credential. A route without a row fails, and so does a row without a
//! route: whoever adds one says here who may use it.

use std::time::Duration;

use rollcall::http::routes::{self, Needs, Route};
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::ClientSet;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, EVERY_SCOPE, Tenant, Verbatim, World};

/// The kinds of credentials, in the order of the expectations.
const CREDENTIALS: [&str; 8] = [
    "none",
    "garbage",
    "another scope",
    "expired",
    "revoked",
    "another client",
    "the scope",
    "all clients",
];

/// The statuses for [`CREDENTIALS`]; `OPEN` where nobody is asked who they are.
type Expected = Option<[u16; 8]>;

const OPEN: Expected = None;
const READ: Expected = Some([401, 401, 403, 401, 401, 403, 200, 200]);
const MADE: Expected = Some([401, 401, 403, 401, 401, 403, 201, 201]);
const GONE: Expected = Some([401, 401, 403, 401, 401, 403, 204, 204]);
const TAKEN_IN: Expected = Some([401, 401, 403, 401, 401, 403, 202, 202]);
/// A token is none of its credentials, whatever it may do, nor is JSON its body.
const CLIENT_SECRET: Expected = Some([400; 8]);
const GATEWAY: Expected = Some([401, 401, 401, 401, 401, 404, 200, 200]);

/// The route's name, a body that is good for it, and who may.
fn rows() -> Vec<(&'static str, Value, Expected)> {
    let none = || Value::Null;
    vec![
        ("listUsers", none(), READ),
        ("getUsersSummary", none(), READ),
        ("getUser", none(), READ),
        ("getUserProfile", none(), READ),
        (
            "createUser",
            json!({"username": "b", "user_key": "b"}),
            MADE,
        ),
        ("updateUser", json!({"departments": []}), READ),
        ("deleteUser", none(), GONE),
        ("restoreUser", none(), READ),
        // The user's creation: the change after the client's own.
        ("undoUserChange", json!({"change": 2}), READ),
        ("listChanges", none(), READ),
        ("updateUserProfile", json!({"first_name": "x"}), READ),
        ("getUserProvenance", none(), READ),
        ("getUserActivity", none(), READ),
        (
            "updateUserProvenance",
            json!({"pinned": {"departments": true}}),
            READ,
        ),
        ("listDepartments", none(), READ),
        ("getDepartment", none(), READ),
        ("createDepartment", json!({"name": "B"}), MADE),
        ("updateDepartment", json!({"name": "C"}), READ),
        ("deleteDepartment", none(), GONE),
        ("addMembers", json!({"user_ids": []}), READ),
        ("removeMembers", json!({"user_ids": []}), READ),
        ("reportActivity", json!({"reports": []}), TAKEN_IN),
        ("listImports", none(), READ),
        ("getImport", none(), READ),
        ("createImport", json!("username\nb\n"), TAKEN_IN),
        ("getClient", none(), READ),
        ("updateClient", json!({"name": "B"}), READ),
        ("listClients", none(), READ),
        ("createClient", json!({"name": "B"}), MADE),
        ("gatewayListUsers", none(), GATEWAY),
        ("gatewayGetUser", none(), GATEWAY),
        ("scimListUsers", none(), READ),
        ("scimGetUser", none(), READ),
        ("scimCreateUser", json!({"userName": "b"}), MADE),
        ("scimReplaceUser", json!({"userName": "b"}), READ),
        (
            "scimPatchUser",
            json!({"Operations": [{"op": "replace", "value": {"active": false}}]}),
            READ,
        ),
        ("scimDeleteUser", none(), GONE),
        ("scimListGroups", none(), READ),
        ("scimGetGroup", none(), READ),
        ("scimCreateGroup", json!({"displayName": "B"}), MADE),
        ("scimReplaceGroup", json!({"displayName": "C"}), READ),
        (
            "scimPatchGroup",
            json!({"Operations": [{"op": "replace", "value": {"displayName": "D"}}]}),
            GONE,
        ),
        ("scimDeleteGroup", none(), GONE),
        ("scimSearchUsers", json!({}), READ),
        ("scimSearchGroups", json!({}), READ),
        ("scimSearch", json!({}), READ),
        (
            "scimBulk",
            json!({"Operations": [{
                "method": "POST", "path": "/Users", "bulkId": "b", "data": {"userName": "b"},
            }]}),
            READ,
        ),
        ("scimConfiguration", none(), READ),
        ("scimResourceTypes", none(), READ),
        ("scimResourceType", none(), READ),
        ("scimSchemas", none(), READ),
        ("scimSchema", none(), READ),
        ("oauthToken", none(), CLIENT_SECRET),
        ("healthz", none(), OPEN),
        ("readyz", none(), OPEN),
        ("metrics", none(), OPEN),
        ("index", none(), OPEN),
        ("openapi", none(), OPEN),
        ("docs", none(), OPEN),
        ("docsPage", none(), OPEN),
        ("docsFile", none(), OPEN),
        ("llms", none(), OPEN),
        ("llmsFull", none(), OPEN),
    ]
}

/// A world with one of everything that a path can name.
struct Stage {
    client: Tenant,
    user: String,
    department: String,
    import: String,
}

impl Stage {
    async fn new() -> Self {
        let client = Tenant::within(&World::new().await, "Acme").await;
        client.instance("acme").await;
        let user = client.user("a-secret-name").await;
        let department = client.department("A").await;
        let import = client.imported("a-secret-name.csv").await;
        Self {
            client,
            user,
            department,
            import,
        }
    }

    fn path(&self, template: &str) -> String {
        let template = template.replace("{import_id}", &self.import);
        self.client.filled(&template, &self.user, &self.department)
    }

    async fn ask(&self, credential: &str, route: &Route, body: &Value) -> Answer {
        let authorization = self.authorization(credential, route.needs).await;
        let path = self.path(route.path);
        let world = self.client.world.clone();
        let question = match authorization {
            None => world.anonymous().ask(route.method.as_str(), &path),
            Some(value) => Verbatim(world, value).ask(route.method.as_str(), &path),
        };
        let question = match body {
            Value::Null => question,
            // A file.
            Value::String(csv) => question.header("content-type", "text/csv").body(csv.clone()),
            _ => question.json(body),
        };
        question.send().await
    }

    async fn authorization(&self, credential: &str, needs: Needs) -> Option<String> {
        let world = &self.client.world;
        let scope = match needs {
            Needs::Nothing | Needs::ClientSecret => Scope::UsersRead,
            Needs::Scope(scope) => scope,
            Needs::Admin => Scope::Admin,
            Needs::Scim => Scope::Scim,
            Needs::Gateway(_) => Scope::GatewayRead,
        };
        // Only tokens for all clients can have `admin`.
        let own = if scope == Scope::Admin {
            ClientSet::All
        } else {
            ClientSet::One(self.client.id)
        };
        let others = Scope::ALL.into_iter().filter(|other| *other != scope);
        let others: Vec<Scope> = others
            .filter(|other| own == ClientSet::All || *other != Scope::Admin)
            .collect();
        let token = match credential {
            "none" => return None,
            "garbage" => return Some("Bearer garbage".to_owned()),
            "another scope" => world.token(own, &others).await,
            "the scope" => world.token(own, &[scope]).await,
            "all clients" => world.token(ClientSet::All, &[scope]).await,
            "another client" => {
                let other = world.client("Other").await;
                world.token(ClientSet::One(other), &EVERY_SCOPE).await
            }
            "expired" => {
                let end = Timestamp::parse("2026-02-24T12:00:01Z").unwrap();
                let token = world.token_with(own, &[scope], "", Some(end)).await;
                world.clock().advance(Duration::from_secs(1));
                token
            }
            "revoked" => {
                let token = world.token(own, &[scope]).await;
                world.revoke(token.id.unwrap()).await;
                token
            }
            other => panic!("{other} is no credential"),
        };
        Some(format!("Bearer {}", token.secret))
    }
}

#[test]
fn each_route_has_a_row_and_each_row_a_route() {
    let mut routes: Vec<&str> = routes::table().iter().map(|route| route.name).collect();
    let mut rows: Vec<&str> = rows().iter().map(|(name, ..)| *name).collect();
    routes.sort_unstable();
    rows.sort_unstable();
    assert_eq!(routes, rows);
}

#[tokio::test]
async fn each_credential_opens_what_its_row_says() {
    let rows = rows();
    for route in routes::table() {
        let row = rows.iter().find(|(name, ..)| *name == route.name);
        let (_, body, expected) = row.unwrap_or_else(|| panic!("{} has no row", route.name));
        let stage = Stage::new().await;
        let Some(expected) = expected else {
            assert_eq!(route.needs, Needs::Nothing, "{}", route.name);
            let first = stage.ask("none", &route, body).await;
            assert!(
                ![401, 403].contains(&first.status),
                "{}: {first}",
                route.name
            );
            for credential in CREDENTIALS {
                let answer = stage.ask(credential, &route, body).await;
                assert_eq!(answer.status, first.status, "{} {credential}", route.name);
                assert!(!answer.to_string().contains("a-secret-name"));
            }
            continue;
        };
        assert_ne!(route.needs, Needs::Nothing, "{}", route.name);
        let before = stage.client.numbers().await;
        for (credential, expected) in CREDENTIALS.into_iter().zip(*expected) {
            // A call that may be made changes what there is: the last one has a world of its own.
            let fresh = if credential == "all clients" {
                Some(Stage::new().await)
            } else {
                None
            };
            let stage = fresh.as_ref().unwrap_or(&stage);
            let answer = stage.ask(credential, &route, body).await;
            assert_eq!(
                answer.status, expected,
                "{} {credential}: {answer}",
                route.name
            );
            if expected >= 400 {
                assert!(
                    !answer.text().contains("a-secret-name"),
                    "{} {credential}",
                    route.name
                );
                assert_eq!(
                    stage.client.numbers().await,
                    before,
                    "{} {credential}",
                    route.name
                );
            }
        }
    }
}
