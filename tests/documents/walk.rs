//! A walk through the whole API, each answer checked against the document.

use std::collections::BTreeSet;

use hyper::Request;
use rollcall::http::body::Body;
use rollcall::http::documents::document;
use rollcall::http::routes::{Needs, table};
use rollcall::model::id::ClientId;
use rollcall::model::scope::Scope;
use serde_json::{Value, json};

use crate::check::check;
use crate::support::databases::Backend;
use crate::{Answer, Server};

on_both! {
    threads = 1:
    every_answer_on_a_walk_through_the_api_is_as_documented,
}

const CLIENT: &str = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
const NOBODY: &str = "c3f19253-26g4-6129-c461-215h9658429d";

struct Walk {
    server: Server,
    token: String,
    seen: BTreeSet<String>,
}

/// What is sent: method, path, headers, body.
struct Sent<'a>(&'a str, &'a str, &'a [(&'a str, &'a str)], Option<Value>);

impl Walk {
    async fn start(on: Backend) -> Self {
        let server = Server::start(on).await;
        let token = server.token(&Scope::ALL, "api=100000").await;
        let seen = BTreeSet::new();
        Self {
            server,
            token,
            seen,
        }
    }

    /// Asks with the token, expects the status, and checks the answer against the document.
    async fn ask(&mut self, operation: &str, status: u16, sent: Sent<'_>) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let Sent(method, path, headers, body) = sent;
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", authorization);
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            None => Body::default(),
            // A file.
            Some(Value::String(csv)) => Body::from(csv),
            Some(body) => Body::from(body.to_string()),
        };
        let answer = self.server.ask(request.body(body).unwrap()).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{method} {path}: {}",
            answer.text
        );
        check(operation, &answer);
        self.seen.insert(operation.to_owned());
        answer
    }

    async fn get(&mut self, operation: &str, status: u16, path: &str) -> Answer {
        self.ask(operation, status, Sent("GET", path, &[], None))
            .await
    }

    /// Asks for a token with a form, as whoever has no token yet.
    async fn exchange(&mut self, status: u16, form: &str) -> Answer {
        let request = Request::builder().method("POST").uri("/oauth2/token");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let answer = self.server.ask(request).await;
        assert_eq!(answer.status.as_u16(), status, "{form}: {}", answer.text);
        check("oauthToken", &answer);
        self.seen.insert("oauthToken".to_owned());
        answer
    }

    async fn send(&mut self, operation: &str, status: u16, call: &str, body: Value) -> Answer {
        let (method, path) = call.split_once(' ').unwrap();
        self.ask(operation, status, Sent(method, path, &[], Some(body)))
            .await
    }
}

async fn every_answer_on_a_walk_through_the_api_is_as_documented(on: Backend) {
    let mut walk = Walk::start(on).await;
    clients(&mut walk).await;
    let department = departments(&mut walk).await;
    let user = users(&mut walk, &department).await;
    lists(&mut walk, &department, &user).await;
    members(&mut walk, &department, &user).await;
    profiles(&mut walk, &user).await;
    provenance(&mut walk, &user).await;
    days(&mut walk, &user).await;
    changes(&mut walk, &user).await;
    imports(&mut walk).await;
    gateway(&mut walk).await;
    machines(&mut walk).await;
    identity_provider(&mut walk).await;
    identity_providers_groups(&mut walk).await;
    identity_providers_questions_and_many_changes(&mut walk).await;
    refusals(&mut walk, &user).await;
    endings(&mut walk, &department, &user).await;
    for path in [
        "/healthz",
        "/readyz",
        "/",
        "/openapi.json",
        "/docs/",
        "/llms.txt",
        "/llms-full.txt",
    ] {
        let table = table();
        let name = table.iter().find(|route| route.path == path).unwrap().name;
        walk.get(name, 200, path).await;
    }
    walk.get("docs", 308, "/docs").await;
    walk.get("docsFile", 200, "/docs/index.css").await;
    walk.get("docsFile", 404, "/docs/nothing").await;
    walk.get("metrics", 200, "/metrics").await;
    let all: BTreeSet<String> = table().iter().map(|route| route.name.to_owned()).collect();
    assert_eq!(walk.seen, all);
}

async fn clients(walk: &mut Walk) {
    let one = format!("/v2/clients/{CLIENT}");
    let new =
        json!({ "id": CLIENT, "name": "Example", "partner": { "id": "p-17", "name": "Partners" } });
    walk.send("createClient", 201, "POST /v2/clients", new.clone())
        .await;
    walk.send("createClient", 409, "POST /v2/clients", new)
        .await;
    walk.send("createClient", 400, "POST /v2/clients", json!({}))
        .await;
    walk.get("listClients", 200, "/v2/clients?page_size=1")
        .await;
    let tag = walk
        .get("getClient", 200, &one)
        .await
        .header("etag")
        .to_owned();
    let known = [("if-none-match", tag.as_str())];
    walk.ask("getClient", 304, Sent("GET", &one, &known, None))
        .await;
    let change =
        json!({ "name": "Example Corporation", "partner": null, "enrollment_token": "e-1" });
    walk.send("updateClient", 200, &format!("PATCH {one}"), change)
        .await;
    walk.get("getClient", 404, &format!("/v2/clients/{NOBODY}"))
        .await;
    walk.get("getClient", 404, "/v2/clients/x").await;
}

async fn imports(walk: &mut Walk) {
    let all = format!("/v2/clients/{CLIENT}/imports");
    let file = [("content-type", "text/csv")];
    let sent = |path, csv: &str| Sent("POST", path, &file, Some(csv.into()));
    let people = "username,departments,state\nimported,Imported,ACTIVE\nother,,NONSENSE\n";
    let tried = format!("{all}?dry_run=true");
    walk.ask("createImport", 200, sent(&tried, people)).await;
    walk.ask("createImport", 400, sent(&tried, "salary\n"))
        .await;
    let begun = walk.ask("createImport", 202, sent(&all, people)).await;
    let place = begun.header("location").to_owned();
    while walk.get("getImport", 200, &place).await.json()["state"] == "running" {}
    walk.get("listImports", 200, &all).await;
    walk.get("getImport", 404, &format!("{all}/{NOBODY}")).await;
    let json = [("content-type", "application/json")];
    let sent = Sent("POST", &all, &json, Some(json!({})));
    walk.ask("createImport", 415, sent).await;
    let long = [("content-type", "text/csv"), ("content-length", "67108865")];
    let sent = Sent("POST", &all, &long, None);
    walk.ask("createImport", 413, sent).await;
}

async fn departments(walk: &mut Walk) -> String {
    let all = format!("/v2/clients/{CLIENT}/departments");
    let new = json!({ "name": "Engineering", "description": null });
    let made = walk
        .send("createDepartment", 201, &format!("POST {all}"), new.clone())
        .await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("{all}/{id}"));
    walk.send("createDepartment", 409, &format!("POST {all}"), new)
        .await;
    walk.send(
        "createDepartment",
        400,
        &format!("POST {all}"),
        json!({ "name": "" }),
    )
    .await;
    walk.get("getDepartment", 200, &format!("{all}/{id}")).await;
    walk.get("getDepartment", 404, &format!("{all}/{NOBODY}"))
        .await;
    let change = json!({ "description": "Software" });
    walk.send(
        "updateDepartment",
        200,
        &format!("PATCH {all}/{id}"),
        change,
    )
    .await;
    id
}

async fn users(walk: &mut Walk, department: &str) -> String {
    let all = format!("/v2/clients/{CLIENT}/users");
    let new = json!({ "username": "JohnDoe", "user_key": "johndoe", "external_id": "1234-5678",
        "departments": [department], "profile": { "email_addr": "john@example.com" } });
    let key = [("idempotency-key", "k1")];
    let sent = |body: &Value| Sent("POST", &all, &key, Some(body.clone()));
    let made = walk.ask("createUser", 201, sent(&new)).await;
    let again = walk.ask("createUser", 201, sent(&new)).await;
    assert_eq!(
        (again.header("idempotency-replayed"), &again.text),
        ("true", &made.text)
    );
    let other = json!({ "username": "other", "user_key": "other" });
    walk.ask("createUser", 422, sent(&other)).await;
    walk.send("createUser", 409, &format!("POST {all}"), new)
        .await;
    walk.send("createUser", 201, &format!("POST {all}"), other)
        .await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{all}/{id}");
    let report = json!({ "reports": [
        { "user_key": "johndoe", "channel": "desktop", "at": "2026-02-24T21:22:46.119Z" },
        { "user_id": NOBODY, "channel": "web", "at": "2026-02-24T21:22:46.119Z" },
        { "user_key": "johndoe", "channel": "web", "at": "2026-02-24T23:00:00Z" },
        { "user_key": "enrolled", "channel": "web", "at": "2026-02-24T21:23:53Z" }, 1] });
    let activity = format!("POST /v2/clients/{CLIENT}/activity");
    let receipt = walk
        .send("reportActivity", 202, &activity, report)
        .await
        .json();
    assert_eq!(receipt["accepted"], 2);
    let shown = walk.get("getUser", 200, &one).await;
    let (old_tag, tag) = (
        made.header("etag").to_owned(),
        shown.header("etag").to_owned(),
    );
    assert_ne!(old_tag, tag, "activity is part of the tag");
    walk.ask(
        "getUser",
        304,
        Sent("GET", &one, &[("if-none-match", &tag)], None),
    )
    .await;
    let clear = || Some(json!({ "departments": [] }));
    // Activity came since that tag was given, and does not matter.
    walk.ask(
        "updateUser",
        200,
        Sent("PATCH", &one, &[("if-match", &old_tag)], clear()),
    )
    .await;
    walk.ask(
        "updateUser",
        412,
        Sent("PATCH", &one, &[("if-match", &tag)], clear()),
    )
    .await;
    walk.send(
        "updateUser",
        400,
        &format!("PATCH {one}"),
        json!({ "username": "x" }),
    )
    .await;
    id
}

async fn lists(walk: &mut Walk, department: &str, user: &str) {
    let all = format!("/v2/clients/{CLIENT}/users");
    for (query, status) in [
        ("page_size=1".to_owned(), 200),
        (
            "q=john&sort_by=last_activity&sort_order=desc&page_size=1000".to_owned(),
            200,
        ),
        (format!("department_id={department}"), 200),
        (format!("ids={user},{NOBODY},x"), 200),
        ("fields=id,username".to_owned(), 200),
        (
            "user_key=johndoe&active_since=2026-02-24T00:00:00Z".to_owned(),
            200,
        ),
        (
            "external_id=1234-5678&stale_since=2026-02-24T00:00:00Z".to_owned(),
            200,
        ),
        ("cursor=x".to_owned(), 400),
        ("page_size=0".to_owned(), 400),
        ("shoe_size=43".to_owned(), 400),
    ] {
        walk.get("listUsers", status, &format!("{all}?{query}"))
            .await;
    }
    walk.get(
        "getUsersSummary",
        200,
        &format!("{all}/summary?stale_threshold=60"),
    )
    .await;
    walk.get(
        "getUsersSummary",
        400,
        &format!("{all}/summary?stale_threshold=0"),
    )
    .await;
    let departments = format!("/v2/clients/{CLIENT}/departments?sort_by=member_count&q=eng");
    walk.get("listDepartments", 200, &departments).await;
}

async fn members(walk: &mut Walk, department: &str, user: &str) {
    let members = format!("POST /v2/clients/{CLIENT}/departments/{department}/members");
    let who = json!({ "user_ids": [user, NOBODY, "x"] });
    let added = walk
        .send("addMembers", 200, &members, who.clone())
        .await
        .json();
    assert_eq!(added["failed"].as_array().unwrap().len(), 2);
    walk.send("addMembers", 400, &members, json!({})).await;
    walk.send("removeMembers", 200, &format!("{members}/remove"), who)
        .await;
}

async fn profiles(walk: &mut Walk, user: &str) {
    let path = format!("/v2/clients/{CLIENT}/users/{user}/profile");
    let whole = &document()["components"]["schemas"]["Profile"]["examples"][0];
    walk.send(
        "updateUserProfile",
        200,
        &format!("PATCH {path}"),
        whole.clone(),
    )
    .await;
    let shown = walk.get("getUserProfile", 200, &path).await;
    assert_eq!(&shown.json(), whole);
    let patch = &document()["components"]["schemas"]["ProfilePatch"]["examples"][0];
    let merge = [("content-type", "application/merge-patch+json")];
    walk.ask(
        "updateUserProfile",
        200,
        Sent("PATCH", &path, &merge, Some(patch.clone())),
    )
    .await;
    walk.send(
        "updateUserProfile",
        400,
        &format!("PATCH {path}"),
        json!({ "shoe_size": "43" }),
    )
    .await;
}

async fn provenance(walk: &mut Walk, user: &str) {
    let path = format!("/v2/clients/{CLIENT}/users/{user}/provenance");
    let patch = format!("PATCH {path}");
    let pins = &document()["components"]["schemas"]["PinChange"]["examples"][0];
    let pinned = walk.send("updateUserProvenance", 200, &patch, pins.clone());
    let tag = pinned.await.header("etag").to_owned();
    let shown = walk.get("getUserProvenance", 200, &path).await;
    assert_eq!(shown.header("etag"), tag);
    let known = Sent("GET", &path, &[("if-none-match", &tag)], None);
    walk.ask("getUserProvenance", 304, known).await;
    let unknown = json!({ "pinned": { "shoe_size": true } });
    walk.send("updateUserProvenance", 400, &patch, unknown)
        .await;
    let stale = Some(json!({ "pinned": {} }));
    let stale = Sent("PATCH", &path, &[("if-match", "\"1\"")], stale);
    walk.ask("updateUserProvenance", 412, stale).await;
    let one = format!("/v2/clients/{CLIENT}/users/{user}");
    let body = json!({ "departments": [] });
    walk.send(
        "updateUser",
        200,
        &format!("PATCH {one}?pin=true"),
        body.clone(),
    )
    .await;
    walk.send("updateUser", 400, &format!("PATCH {one}?pin=perhaps"), body)
        .await;
    let patch = format!("PATCH {one}/profile?pin=false");
    walk.send(
        "updateUserProfile",
        200,
        &patch,
        json!({ "first_name": "Jon" }),
    )
    .await;
}

async fn days(walk: &mut Walk, user: &str) {
    let path = format!("/v2/clients/{CLIENT}/analytics/users/{user}/activity");
    let operation = "getUserActivity";
    walk.get(operation, 200, &path).await;
    let query = "granularity=day&start_date=2026-02-23&end_date=2026-02-24&channel=web";
    walk.get(operation, 200, &format!("{path}?{query}")).await;
    walk.get(operation, 400, &format!("{path}?granularity=week"))
        .await;
    let nobody = format!("/v2/clients/{CLIENT}/analytics/users/nobody/activity");
    walk.get(operation, 404, &nobody).await;
}

async fn changes(walk: &mut Walk, user: &str) {
    let all = format!("/v2/clients/{CLIENT}/changes");
    let first = walk
        .get("listChanges", 200, &format!("{all}?page_size=1"))
        .await
        .json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = format!("{all}?page_size=1&cursor={cursor}");
    walk.get("listChanges", 200, &next).await;
    walk.get("listChanges", 200, &format!("{all}?page_size=500"))
        .await;
    let theirs = format!("{all}?entity=user&entity_id={user}");
    let timeline = walk.get("listChanges", 200, &theirs).await.json();
    walk.get("listChanges", 400, &format!("{all}?entity=shoe"))
        .await;
    let latest = &timeline["data"][0];
    assert_eq!(latest["undoable"], true);
    let undo = format!("POST /v2/clients/{CLIENT}/users/{user}/undo");
    let change = json!({ "change": latest["number"] });
    walk.send("undoUserChange", 200, &undo, change.clone())
        .await;
    walk.send("undoUserChange", 409, &undo, change).await;
    walk.send("undoUserChange", 400, &undo, json!({ "change": 1 }))
        .await;
    let nobody = format!("POST /v2/clients/{CLIENT}/users/{NOBODY}/undo");
    walk.send("undoUserChange", 404, &nobody, json!({ "change": 1 }))
        .await;
    let undone = walk.get("listChanges", 200, &theirs).await.json();
    assert_eq!(undone["data"][0]["undoes"], latest["number"]);
}

async fn gateway(walk: &mut Walk) {
    walk.server.instance("myinstance1", CLIENT).await;
    let first = walk
        .get("gatewayListUsers", 200, "/myinstance1/users?pageSize=1")
        .await
        .json();
    let token = first["next_page_token"].as_str().unwrap();
    walk.get(
        "gatewayListUsers",
        200,
        &format!("/myinstance1/users?pageToken={token}"),
    )
    .await;
    let filter = "filter=user.state%20eq%20%22ACTIVE%22";
    walk.get(
        "gatewayListUsers",
        200,
        &format!("/myinstance1/users?{filter}"),
    )
    .await;
    walk.get("gatewayListUsers", 400, "/myinstance1/users?filter=x")
        .await;
    walk.get("gatewayListUsers", 404, "/myinstance2/users")
        .await;
    walk.get("gatewayGetUser", 200, "/myinstance1/users/1234-5678")
        .await;
    walk.get("gatewayGetUser", 404, "/myinstance1/users/222")
        .await;
    let nobody = [("authorization", "Bearer x")];
    walk.ask(
        "gatewayGetUser",
        401,
        Sent("GET", "/myinstance1/users/222", &nobody, None),
    )
    .await;
    walk.ask(
        "gatewayGetUser",
        405,
        Sent("PUT", "/myinstance1/users/222", &[], None),
    )
    .await;
    let slow = walk
        .server
        .token(&[Scope::GatewayRead], "gateway-get=1")
        .await;
    let slow = format!("Bearer {slow}");
    let slow = [("authorization", slow.as_str())];
    for status in [200, 429] {
        let path = "/myinstance1/users/1234-5678";
        walk.ask("gatewayGetUser", status, Sent("GET", path, &slow, None))
            .await;
    }
}

async fn identity_provider(walk: &mut Walk) {
    let root = format!("/scim/v2/{CLIENT}");
    for (operation, path) in [
        ("scimConfiguration", "/ServiceProviderConfig"),
        ("scimResourceTypes", "/ResourceTypes"),
        ("scimResourceType", "/ResourceTypes/User"),
        ("scimSchemas", "/Schemas"),
        (
            "scimSchema",
            "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
        ),
        ("scimListUsers", "/Users?count=2"),
        ("scimListGroups", "/Groups?count=2"),
    ] {
        walk.get(operation, 200, &format!("{root}{path}")).await;
    }
    walk.get("scimListUsers", 400, &format!("{root}/Users?filter=x"))
        .await;
    let users = format!("POST {root}/Users");
    let body = json!({ "userName": "provisioned", "title": "Clerk" });
    let made = walk.send("scimCreateUser", 201, &users, body.clone()).await;
    walk.send("scimCreateUser", 409, &users, body.clone()).await;
    walk.send("scimCreateUser", 400, &users, json!({})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{root}/Users/{id}");
    let read = walk.get("scimGetUser", 200, &one).await;
    let tag = read.header("etag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    walk.ask("scimGetUser", 304, Sent("GET", &one, &known, None))
        .await;
    let off = json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
    walk.send("scimPatchUser", 200, &format!("PATCH {one}"), off)
        .await;
    walk.send("scimReplaceUser", 200, &format!("PUT {one}"), body)
        .await;
    walk.ask(
        "scimDeleteUser",
        412,
        Sent("DELETE", &one, &[("if-match", &tag)], None),
    )
    .await;
    walk.ask("scimDeleteUser", 204, Sent("DELETE", &one, &[], None))
        .await;
    walk.get("scimGetUser", 404, &one).await;
    walk.ask("scimGetUser", 405, Sent("POST", &one, &[], None))
        .await;
}

async fn identity_providers_questions_and_many_changes(walk: &mut Walk) {
    let root = format!("/scim/v2/{CLIENT}");
    let users = format!("POST {root}/Users/.search");
    for (operation, path) in [
        ("scimSearchUsers", "/Users/.search"),
        ("scimSearchGroups", "/Groups/.search"),
        ("scimSearch", "/.search"),
    ] {
        let path = format!("POST {root}{path}");
        for body in [json!({ "count": 2 }), json!({ "count": 1, "cursor": "" })] {
            walk.send(operation, 200, &path, body).await;
        }
    }
    let foreign = json!({ "cursor": "x" });
    walk.send("scimSearchUsers", 400, &users, foreign).await;
    let bulk = format!("POST {root}/Bulk");
    let body = json!({
        "Operations": [
            { "method": "POST", "path": "/Users", "bulkId": "a", "data": { "userName": "many" } },
            { "method": "DELETE", "path": "/Users/bulkId:a" },
            { "method": "DELETE", "path": "/Users/nobody" },
        ],
    });
    walk.send("scimBulk", 200, &bulk, body).await;
    walk.send("scimBulk", 400, &bulk, json!({})).await;
    let many = vec![json!({}); 1_001];
    walk.send("scimBulk", 413, &bulk, json!({ "Operations": many }))
        .await;
}

async fn identity_providers_groups(walk: &mut Walk) {
    let root = format!("/scim/v2/{CLIENT}");
    let groups = format!("POST {root}/Groups");
    let body = json!({ "displayName": "Provisioned" });
    let made = walk
        .send("scimCreateGroup", 201, &groups, body.clone())
        .await;
    walk.send("scimCreateGroup", 409, &groups, body.clone())
        .await;
    let group = format!("{root}/Groups/{}", made.json()["id"].as_str().unwrap());
    walk.get("scimGetGroup", 200, &group).await;
    let rename =
        json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "P" }] });
    walk.send(
        "scimPatchGroup",
        204,
        &format!("PATCH {group}"),
        rename.clone(),
    )
    .await;
    let shown = format!("PATCH {group}?attributes=displayName");
    walk.send("scimPatchGroup", 200, &shown, rename).await;
    walk.send("scimReplaceGroup", 200, &format!("PUT {group}"), body)
        .await;
    walk.ask("scimDeleteGroup", 204, Sent("DELETE", &group, &[], None))
        .await;
    walk.get("scimGetGroup", 404, &group).await;
}

async fn machines(walk: &mut Walk) {
    let client = ClientId::parse(CLIENT).unwrap();
    let (id, secret) = walk.server.oauth_client(client, Scope::UsersRead).await;
    let own = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let issued = walk.exchange(200, &own).await.json();
    let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    let bearer = [("authorization", bearer.as_str())];
    let path = format!("/v2/clients/{CLIENT}/users/summary");
    walk.ask("getUsersSummary", 200, Sent("GET", &path, &bearer, None))
        .await;
    walk.exchange(400, "grant_type=password").await;
    walk.exchange(400, &format!("{own}&scope=admin")).await;
    walk.exchange(401, "grant_type=client_credentials").await;
    walk.exchange(413, &"x".repeat(1024 * 1024 + 1)).await;
    let none = [("authorization", "")];
    walk.ask("oauthToken", 405, Sent("GET", "/oauth2/token", &none, None))
        .await;
}

async fn refusals(walk: &mut Walk, user: &str) {
    let one = format!("/v2/clients/{CLIENT}/users/{user}");
    let unknown = [("authorization", "Bearer x")];
    walk.ask("getUser", 401, Sent("GET", &one, &unknown, None))
        .await;
    let reader = walk.server.token(&[Scope::UsersRead], "api=2").await;
    let reader = format!("Bearer {reader}");
    let reader = [("authorization", reader.as_str())];
    walk.ask("deleteUser", 403, Sent("DELETE", &one, &reader, None))
        .await;
    walk.ask(
        "listClients",
        403,
        Sent("GET", "/v2/clients", &reader, None),
    )
    .await;
    walk.ask("getUser", 429, Sent("GET", &one, &reader, None))
        .await;
    walk.ask("getUser", 405, Sent("PUT", &one, &[], None)).await;
    let text = [("content-type", "text/plain")];
    walk.ask(
        "updateUser",
        415,
        Sent("PATCH", &one, &text, Some(json!({}))),
    )
    .await;
    let long = json!({ "departments": ["x".repeat(1024 * 1024)] });
    walk.send("updateUser", 413, &format!("PATCH {one}"), long)
        .await;
    for route in table() {
        if matches!(route.needs, Needs::Nothing | Needs::ClientSecret) {
            continue;
        }
        let path = route
            .path
            .replace("{client_id}", CLIENT)
            .replace("{name}", "User")
            .replace("{urn}", "x")
            .replace("{instance}", "myinstance1");
        let none = [("authorization", "")];
        let method = route.method.as_str();
        walk.ask(route.name, 401, Sent(method, &path, &none, Some(json!({}))))
            .await;
    }
}

async fn endings(walk: &mut Walk, department: &str, user: &str) {
    let one = format!("/v2/clients/{CLIENT}/users/{user}");
    let stale = [("if-match", "\"0\"")];
    walk.ask("deleteUser", 412, Sent("DELETE", &one, &stale, None))
        .await;
    walk.ask("deleteUser", 204, Sent("DELETE", &one, &[], None))
        .await;
    walk.get("getUser", 404, &one).await;
    let restore = format!("{one}/restore");
    walk.ask("restoreUser", 200, Sent("POST", &restore, &[], None))
        .await;
    walk.send(
        "restoreUser",
        400,
        &format!("POST {restore}"),
        json!({ "now": true }),
    )
    .await;
    let department = format!("/v2/clients/{CLIENT}/departments/{department}");
    walk.ask(
        "deleteDepartment",
        204,
        Sent("DELETE", &department, &[], None),
    )
    .await;
    walk.ask(
        "deleteDepartment",
        404,
        Sent("DELETE", &department, &[], None),
    )
    .await;
}
