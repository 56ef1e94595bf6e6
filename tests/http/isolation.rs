//! Two clients with the same people: neither ever meets the other's.

use serde_json::{Value, json};

use rollcall::http::routes::{self, Needs};

use crate::support::{Answer, Caller, Tenant, World};

/// One client, filled, with a marker in every text that an answer could show.
struct Side {
    client: Tenant,
    marker: &'static str,
    instance: &'static str,
    user: String,
    gone: String,
    department: String,
    second: String,
    import: String,
}

impl Side {
    async fn new(world: &World, marker: &'static str, instance: &'static str) -> Self {
        let client = Tenant::within(world, marker).await;
        client.instance(instance).await;
        let sales = json!({"name": "Sales", "description": marker});
        let department = client
            .post("/departments", sales)
            .await
            .must_be(201)
            .at("/id");
        let anna = json!({
            "username": "anna", "user_key": "anna", "external_id": "E-1",
            "departments": [department],
            "profile": {"first_name": marker, "custom_attributes": {"of": marker}},
        });
        let user = client.post("/users", anna).await.must_be(201).at("/id");
        client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
        let gone = client.user("gone").await;
        client.delete(&format!("/users/{gone}")).await.must_be(204);
        let second = client.department(&format!("Second {marker}")).await;
        let import = client.imported(&format!("{marker}.csv")).await;
        Self {
            client,
            marker,
            instance,
            user,
            gone,
            department,
            second,
            import,
        }
    }

    /// A good call of each route that asks who is calling, by the route's name.
    fn calls(&self) -> Vec<(&'static str, &'static str, String, Value)> {
        let (path, user) = (
            |rest: &str| self.client.path(rest),
            format!("/users/{}", self.user),
        );
        let department = format!("/departments/{}", self.department);
        let report = json!({"user_id": self.user, "channel": "web", "at": "2026-02-24T11:30:00Z"});
        let members = json!({"user_ids": [self.user]});
        let none = || Value::Null;
        let gateway = format!("/{}/users", self.instance);
        let scim = |rest: &str| format!("/scim/v2/{}{rest}", self.client.id);
        let scim_group = scim(&format!("/Groups/{}", self.department));
        let scim_group_made = scim(&format!("/Groups/{}", self.second));
        let scim_user = scim(&format!("/Users/{}", self.user));
        vec![
            ("getClient", "GET", path(""), none()),
            ("listUsers", "GET", path("/users"), none()),
            (
                "listUsers",
                "GET",
                path("/users?q=ann&sort_by=last_activity"),
                none(),
            ),
            ("listUsers", "GET", path("/users?user_key=anna"), none()),
            ("listUsers", "GET", path("/users?external_id=E-1"), none()),
            (
                "listUsers",
                "GET",
                path(&format!("/users?ids={}", self.user)),
                none(),
            ),
            (
                "listUsers",
                "GET",
                path(&format!("/users?department_id={}", self.department)),
                none(),
            ),
            ("getUsersSummary", "GET", path("/users/summary"), none()),
            ("getUser", "GET", path(&user), none()),
            (
                "getUserProfile",
                "GET",
                path(&format!("{user}/profile")),
                none(),
            ),
            ("listDepartments", "GET", path("/departments"), none()),
            ("getDepartment", "GET", path(&department), none()),
            ("listImports", "GET", path("/imports"), none()),
            ("getImport", "GET", path(&format!("/imports/{}", self.import)), none()),
            (
                "createImport",
                "POST",
                path("/imports?dry_run=true"),
                json!(format!("username,external_id,departments\nanna,E-1,{}\n", self.department)),
            ),
            ("gatewayListUsers", "GET", gateway.clone(), none()),
            ("gatewayGetUser", "GET", format!("{gateway}/E-1"), none()),
            (
                "gatewayGetUser",
                "GET",
                format!("{gateway}/{}", self.gone),
                none(),
            ),
            (
                "createUser",
                "POST",
                path("/users"),
                json!({"username": "new", "user_key": "new"}),
            ),
            (
                "updateUser",
                "PATCH",
                path(&user),
                json!({"departments": []}),
            ),
            (
                "updateUserProfile",
                "PATCH",
                path(&format!("{user}/profile")),
                json!({"last_name": "x"}),
            ),
            // The profile's change, just above.
            (
                "undoUserChange",
                "POST",
                path(&format!("{user}/undo")),
                json!({"change": 9}),
            ),
            ("listChanges", "GET", path("/changes"), none()),
            (
                "listChanges",
                "GET",
                path(&format!("/changes?entity=user&entity_id={}", self.user)),
                none(),
            ),
            (
                "getUserProvenance",
                "GET",
                path(&format!("{user}/provenance")),
                none(),
            ),
            (
                "getUserActivity",
                "GET",
                path(&format!("/analytics{user}/activity")),
                none(),
            ),
            (
                "updateUserProvenance",
                "PATCH",
                path(&format!("{user}/provenance")),
                json!({"pinned": {"departments": false}}),
            ),
            (
                "createDepartment",
                "POST",
                path("/departments"),
                json!({"name": "Support"}),
            ),
            (
                "updateDepartment",
                "PATCH",
                path(&department),
                json!({"name": "Verkauf"}),
            ),
            (
                "addMembers",
                "POST",
                path(&format!("{department}/members")),
                members.clone(),
            ),
            (
                "removeMembers",
                "POST",
                path(&format!("{department}/members/remove")),
                members,
            ),
            (
                "reportActivity",
                "POST",
                path("/activity"),
                json!({ "reports": [report] }),
            ),
            ("scimListUsers", "GET", scim("/Users"), none()),
            (
                "scimListUsers",
                "GET",
                scim("/Users?filter=externalId%20eq%20%22E-1%22"),
                none(),
            ),
            (
                "scimListUsers",
                "GET",
                scim("/Users?filter=displayName%20pr%20or%20userName%20pr"),
                none(),
            ),
            ("scimGetUser", "GET", scim_user.clone(), none()),
            ("scimListGroups", "GET", scim("/Groups"), none()),
            (
                "scimListGroups",
                "GET",
                scim(&format!("/Groups?filter=members%20eq%20%22{}%22", self.user)),
                none(),
            ),
            ("scimGetGroup", "GET", scim_group.clone(), none()),
            (
                "scimCreateGroup",
                "POST",
                scim("/Groups"),
                json!({"displayName": "provisioned", "members": [{"value": self.user}]}),
            ),
            (
                "scimPatchGroup",
                "PATCH",
                scim_group.clone(),
                json!({"Operations": [{"op": "add", "path": "externalId", "value": "g"}]}),
            ),
            (
                "scimReplaceGroup",
                "PUT",
                scim_group,
                json!({"displayName": "Sales", "members": [{"value": self.user}]}),
            ),
            ("scimSearchUsers", "POST", scim("/Users/.search"), json!({"filter": "id pr"})),
            ("scimSearchGroups", "POST", scim("/Groups/.search"), json!({"filter": "id pr"})),
            ("scimSearch", "POST", scim("/.search"), json!({"filter": "id pr"})),
            (
                "scimBulk",
                "POST",
                scim("/Bulk"),
                json!({"Operations": [
                    {"method": "PATCH", "path": format!("/Users/{}", self.user),
                     "data": {"Operations": [{"op": "add", "path": "title", "value": "y"}]}},
                    {"method": "PATCH", "path": format!("/Groups/{}", self.second),
                     "data": {"Operations": [{"op": "add", "path": "externalId", "value": "b"}]}},
                ]}),
            ),
            ("scimConfiguration", "GET", scim("/ServiceProviderConfig"), none()),
            ("scimResourceTypes", "GET", scim("/ResourceTypes"), none()),
            ("scimResourceType", "GET", scim("/ResourceTypes/User"), none()),
            ("scimSchemas", "GET", scim("/Schemas"), none()),
            (
                "scimSchema",
                "GET",
                scim("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"),
                none(),
            ),
            (
                "scimCreateUser",
                "POST",
                scim("/Users"),
                json!({"userName": "provisioned"}),
            ),
            (
                "scimPatchUser",
                "PATCH",
                scim_user.clone(),
                json!({"Operations": [{"op": "add", "path": "title", "value": "x"}]}),
            ),
            (
                "scimReplaceUser",
                "PUT",
                scim_user.clone(),
                json!({"userName": "anna", "externalId": "E-1"}),
            ),
            ("scimDeleteUser", "DELETE", scim_user, none()),
            (
                "restoreUser",
                "POST",
                path(&format!("{user}/restore")),
                none(),
            ),
            ("deleteUser", "DELETE", path(&user), none()),
            (
                "restoreUser",
                "POST",
                path(&format!("{user}/restore")),
                none(),
            ),
            ("deleteDepartment", "DELETE", path(&department), none()),
            ("scimDeleteGroup", "DELETE", scim_group_made, none()),
        ]
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let question = self.client.bearer.ask(method, path);
        let question = match body {
            Value::Null => question,
            // A file.
            Value::String(csv) => question.header("content-type", "text/csv").body(csv.clone()),
            _ => question.json(body),
        };
        question.send().await
    }

    /// All that the client's own token can read.
    async fn everything(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for (_, method, path, body) in self.calls() {
            if method == "GET" {
                texts.push(self.ask(method, &path, &body).await.to_string());
            }
        }
        texts
    }
}

async fn two() -> (Side, Side) {
    let world = World::new().await;
    let one = Side::new(&world, "MARKER-ONE", "one").await;
    let other = Side::new(&world, "MARKER-TWO", "two").await;
    (one, other)
}

#[tokio::test]
async fn after_every_success_the_same_call_of_the_other_client_is_refused() {
    let (one, other) = two().await;
    let untouched = other.everything().await;
    let mut asked = Vec::new();
    for (name, method, path, body) in one.calls() {
        asked.push(name);
        let answer = one.ask(method, &path, &body).await;
        assert!(answer.status < 300, "{method} {path}: {answer}");
        assert!(!answer.text().contains(other.marker), "{method} {path}");
        let before = one.client.numbers().await;
        let refused = other.ask(method, &path, &body).await;
        let expected = if name.starts_with("gateway") {
            404
        } else {
            403
        };
        assert_eq!(refused.status, expected, "{method} {path}");
        assert!(!refused.text().contains(one.marker), "{method} {path}");
        assert_eq!(one.client.numbers().await, before, "{method} {path}");
    }
    assert_eq!(other.everything().await, untouched);
    // No route is forgotten but those of who may touch every client.
    for route in routes::table() {
        let is_admins = route.needs == Needs::Admin || route.name == "updateClient";
        let is_open = matches!(route.needs, Needs::Nothing | Needs::ClientSecret);
        assert!(
            is_admins || is_open || asked.contains(&route.name),
            "{}",
            route.name
        );
    }
}

#[tokio::test]
async fn the_other_clients_ids_are_nobodys_under_ones_own_path() {
    let (one, other) = two().await;
    let untouched = other.everything().await;
    let own = one.everything().await;
    for (name, method, path, body) in other.calls() {
        if [
            "createUser",
            "createDepartment",
            "scimCreateUser",
            "scimCreateGroup",
        ].contains(&name) {
            continue;
        }
        let path = path.replace(other.client.id.as_str(), one.client.id.as_str());
        let path = path.replace("/two/", "/one/");
        let answer = one.ask(method, &path, &body).await;
        assert!(
            !answer.text().contains(other.marker),
            "{method} {path}: {answer}"
        );
        let names_one = [&other.user, &other.gone, &other.department, &other.import];
        let in_path = names_one.iter().any(|id| path.contains(id.as_str()));
        if in_path && !path.contains('?') {
            assert_eq!(answer.status, 404, "{method} {path}: {answer}");
        }
    }
    // Ids in bodies and filters are nobody's either.
    let member = json!({"user_ids": [other.user]});
    let path = format!("/departments/{}/members", one.department);
    let answer = one.client.post(&path, member).await.must_be(200);
    assert_eq!(answer.at("/failed/0/id"), other.user);
    let departments = json!({"departments": [other.department]});
    one.client
        .patch(&format!("/users/{}", one.user), departments)
        .await
        .must_be(400);
    let report = json!({"user_id": other.user, "channel": "web", "at": "2026-02-24T11:59:00Z"});
    let answer = one
        .client
        .post("/activity", json!({ "reports": [report] }))
        .await;
    assert_eq!(answer.at("/rejected/0/code"), "not_found");
    let ids = one.client.get(&format!("/users?ids={}", other.user)).await;
    assert_eq!(ids.at("/missing_ids/0"), other.user);
    assert_eq!(one.everything().await, own);
    assert_eq!(other.everything().await, untouched);
}

#[tokio::test]
async fn the_same_keys_lead_each_client_to_its_own_people() {
    let (one, other) = two().await;
    for (side, foreign) in [(&one, &other), (&other, &one)] {
        for text in side.everything().await {
            for foreign in [
                foreign.marker,
                &foreign.user,
                &foreign.gone,
                &foreign.department,
            ] {
                assert!(!text.contains(foreign), "{foreign} in {text}");
            }
        }
        let listed = side.client.get("/users?user_key=ANNA").await;
        assert_eq!(
            listed.each("/data", "/id"),
            std::slice::from_ref(&side.user)
        );
        let by_id = side
            .client
            .gateway(&format!("/{}/users/E-1", side.instance))
            .await;
        assert_eq!(by_id.at("/user/first_name"), side.marker);
    }
}
