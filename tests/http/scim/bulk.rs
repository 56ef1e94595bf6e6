//! Many changes in one request.

use rollcall::model::scope::Scope;
use rollcall::model::token::ClientSet;
use serde_json::{Value, json};

use super::Provider;
use crate::support::{Answer, Caller};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Provider {
    async fn bulk(&self, body: Value) -> Answer {
        self.send("POST", "/Bulk", body).await
    }

    /// What comes of changes, as a status each.
    async fn made(&self, operations: Value) -> Vec<String> {
        let answer = self.bulk(request(operations)).await.must_be(200);
        answer.each("/Operations", "/status")
    }
}

#[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn request(operations: Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": operations,
    })
}

fn post(bulk_id: &str, data: &Value) -> Value {
    let path = if data.get("userName").is_some() { "/Users" } else { "/Groups" };
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

/// RFC 7644 3.7.2
#[tokio::test]
async fn a_new_group_has_a_new_user_in_it() {
    let provider = Provider::new().await;
    let answer = provider.bulk(request(json!([
        { "method": "POST", "path": "/Users", "bulkId": "qwerty",
          "data": { "schemas": [USER], "userName": "Alice" } },
        { "method": "POST", "path": "/Groups", "bulkId": "ytrewq",
          "data": { "schemas": [GROUP], "displayName": "Tour Guides",
                    "members": [{ "type": "User", "value": "bulkId:qwerty" }] } },
    ])));
    let answer = answer.await.must_be(200);
    assert_eq!(answer.header("content-type"), "application/scim+json");
    let alice = provider.found(r#"userName eq "alice""#).await.remove(0);
    let groups = provider.get("/Groups").await;
    let group = groups.at("/Resources/0/id");
    let base = format!("http://directory.example.com{}", provider.path(""));
    let version = |user: &Answer| user.header("etag").to_owned();
    let expect = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": [
            { "method": "POST", "bulkId": "qwerty", "location": format!("{base}/Users/{alice}"),
              "version": "\"2\"", "status": "201" },
            { "method": "POST", "bulkId": "ytrewq", "location": format!("{base}/Groups/{group}"),
              "version": version(&provider.get(&format!("/Groups/{group}")).await),
              "status": "201" },
        ],
    });
    assert_eq!(answer.json(), expect);
    assert_eq!(groups.at("/Resources/0/members/0/value"), alice);
}

/// RFC 7644 3.7.2, its second example, turned around.
#[tokio::test]
async fn a_reference_may_come_before_what_it_refers_to() {
    let provider = Provider::new().await;
    let statuses = provider.made(json!([
        post("ytrewq", &json!({ "schemas": [USER, ENTERPRISE], "userName": "Bob", ENTERPRISE: {
            "employeeNumber": "11250", "manager": { "value": "bulkId:qwerty" } } })),
        { "method": "PATCH", "path": "/Users/bulkId:qwerty",
          "data": { "Operations": [{ "op": "add", "path": "title", "value": "Chief" }] } },
        post("qwerty", &json!({ "schemas": [USER], "userName": "Alice" })),
    ]));
    assert_eq!(statuses.await, ["201", "200", "201"]);
    let alice = provider.found(r#"userName eq "Alice""#).await.remove(0);
    let bob = provider.found(r#"userName eq "Bob""#).await.remove(0);
    let bob = provider.get(&format!("/Users/{bob}")).await.json();
    assert_eq!(bob[ENTERPRISE]["manager"]["value"], alice);
    let alice = provider.get(&format!("/Users/{alice}")).await;
    assert_eq!(alice.at("/title"), "Chief");
}

/// RFC 7644 3.7.1
#[tokio::test]
async fn references_in_a_circle_are_refused_and_the_others_stand() {
    let provider = Provider::new().await;
    let group = |name: &str, other: &str| {
        let member = json!({ "type": "Group", "value": format!("bulkId:{other}") });
        json!({ "schemas": [GROUP], "displayName": name, "members": [member] })
    };
    let operations = json!([
        post("qwerty", &group("Group A", "ytrewq")),
        post("ytrewq", &group("Group B", "qwerty")),
        post("azerty", &json!({ "userName": "ann" })),
        post("lost", &group("Group C", "nothing")),
    ]);
    let answer = provider.bulk(request(operations)).await.must_be(200);
    assert_eq!(answer.each("/Operations", "/status"), ["409", "409", "201", "400"]);
    assert_eq!(answer.at("/Operations/0/bulkId"), "qwerty");
    assert_eq!(answer.at("/Operations/0/response/status"), "409");
    assert_eq!(answer.json()["Operations"][0].get("location"), None);
    assert_eq!(provider.get("/Groups").await.at("/totalResults"), "0");
}

/// RFC 7644 3.7.3
#[tokio::test]
async fn every_method_is_answered_with_its_status_and_its_version() {
    let provider = Provider::new().await;
    let mut ids = Vec::new();
    for name in ["bo", "di", "ed"] {
        ids.push(provider.user(json!({ "userName": name, "nickName": name })).await);
    }
    let [bob, dave, gone] = <[String; 3]>::try_from(ids).unwrap();
    let tag = async |id: &str| {
        let user = provider.get(&format!("/Users/{id}")).await.must_be(200);
        user.header("etag").to_owned()
    };
    let answer = provider.bulk(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "failOnErrors": 1,
        "Operations": [
            { "method": "POST", "path": "/Users", "bulkId": "qwerty",
              "data": { "schemas": [USER], "userName": "Alice" } },
            { "method": "PUT", "path": format!("/Users/{bob}"), "version": tag(&bob).await,
              "data": { "schemas": [USER], "id": bob, "userName": "Bob" } },
            { "method": "PATCH", "path": format!("/Users/{dave}"), "version": tag(&dave).await,
              "data": [
                  { "op": "remove", "path": "nickName" },
                  { "op": "add", "path": "userName", "value": "Dave" },
              ] },
            { "method": "DELETE", "path": format!("/Users/{gone}"), "version": tag(&gone).await },
        ],
    }));
    let answer = answer.await.must_be(200).json();
    let base = format!("http://directory.example.com{}/Users", provider.path(""));
    let alice = provider.found(r#"userName eq "Alice""#).await.remove(0);
    let expect = json!([
        { "method": "POST", "bulkId": "qwerty", "location": format!("{base}/{alice}"),
          "version": tag(&alice).await, "status": "201" },
        { "method": "PUT", "location": format!("{base}/{bob}"), "version": tag(&bob).await,
          "status": "200" },
        { "method": "PATCH", "location": format!("{base}/{dave}"), "version": tag(&dave).await,
          "status": "200" },
        { "method": "DELETE", "location": format!("{base}/{gone}"), "status": "204" },
    ]);
    assert_eq!(answer["Operations"], expect);
    let dave = provider.get(&format!("/Users/{dave}")).await.json();
    assert_eq!((&dave["userName"], dave.get("nickName")), (&json!("Dave"), None));
    provider.get(&format!("/Users/{gone}")).await.must_be(404);
}

/// RFC 7644 3.7.3, the example of errors.
#[tokio::test]
async fn an_error_says_what_it_says_when_it_is_alone() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann" })).await;
    let group = json!({ "displayName": "Lab" });
    let group = provider.send("POST", "/Groups", group).await.must_be(201).at("/id");
    let version = "\"999\"";
    let patch = json!({ "Operations": [{ "op": "remove", "path": "emails[type eq \"x\"]" }] });
    let rows = [
        ("POST", "/Users".to_owned(), json!({ "userName": "ANN" })),
        ("POST", "/Users".to_owned(), json!({ "schemas": [USER] })),
        ("POST", "/Groups".to_owned(), json!({ "displayName": "lab" })),
        ("PUT", format!("/Users/{ann}"), json!({ "userName": "ann" })),
        ("PATCH", format!("/Users/{ann}"), patch),
        ("DELETE", format!("/Users/{ann}"), Value::Null),
        ("PATCH", format!("/Groups/{group}"), json!({ "Operations": [] })),
        ("PUT", format!("/Groups/{group}"), json!({ "displayName": "B" })),
        ("DELETE", "/Users/nobody".to_owned(), Value::Null),
        ("DELETE", format!("/Groups/{ann}"), Value::Null),
    ];
    let before = provider.tenant.numbers().await;
    let operations: Vec<Value> = rows.iter().map(|(method, path, data)| {
        json!({ "method": method, "path": path, "bulkId": "b", "version": version, "data": data })
    }).collect();
    for (operation, (method, path, data)) in operations.into_iter().zip(rows) {
        let answer = provider.bulk(request(json!([operation]))).await.must_be(200).json();
        let result = &answer["Operations"][0];
        let question = provider.bearer.ask(method, &provider.path(&path));
        let question = question.header("content-type", "application/scim+json");
        let question = question.header("if-match", version);
        let alone = question.body(data.to_string()).send().await;
        assert!(alone.status >= 400, "{method} {path}: {alone}");
        assert_eq!(result["status"], alone.status.to_string(), "{method} {path}");
        assert_eq!(result["response"], alone.json(), "{method} {path}");
        let location = format!("http://directory.example.com{}", provider.path(&path));
        let location = (method != "POST").then(|| json!(location));
        assert_eq!(result.get("location"), location.as_ref(), "{method} {path}");
        assert_eq!(result.get("version"), None, "{method} {path}");
    }
    assert_eq!(provider.tenant.numbers().await, before);
}

#[tokio::test]
async fn after_so_many_errors_the_rest_is_left_undone() {
    let mut operations = Vec::new();
    for number in 0..10 {
        let name = match number % 3 {
            2 => "taken".to_owned(),
            _ => format!("u{number}"),
        };
        operations.push(post(&format!("b{number}"), &json!({ "userName": name })));
    }
    operations.insert(1, json!({ "method": "GET", "path": "/Users" }));
    let all = [
        "201", "400", "201", "409", "201", "201", "409", "201", "201", "409", "201",
    ];
    for (most, made) in [(1, 2), (2, 4), (3, 7), (4, 10), (5, 11)] {
        let provider = Provider::new().await;
        provider.user(json!({ "userName": "taken" })).await;
        let mut body = request(json!(operations));
        body["failOnErrors"] = json!(most);
        let answer = provider.bulk(body).await.must_be(200);
        assert_eq!(answer.each("/Operations", "/status"), all[..made], "{most}");
        let users = all[..made].iter().filter(|status| **status == "201").count() + 1;
        let count = provider.get("/Users?count=0").await;
        assert_eq!(count.at("/totalResults"), users.to_string(), "{most}");
    }
}

#[tokio::test]
async fn of_one_name_the_first_is_made() {
    let provider = Provider::new().await;
    let user = |number: usize, name: &str, external_id: &str| {
        let data = json!({ "userName": name, "externalId": external_id, "title": number.to_string() });
        post(&format!("b{number}"), &data)
    };
    let statuses = provider.made(json!([
        user(0, "ann", "1"), user(1, "bob", "2"), user(2, "ANN", "3"), user(3, "cid", "2"),
        user(4, "dan", "4"), user(5, "dan", "4"), user(6, "eve", "eve"),
    ]));
    assert_eq!(statuses.await, ["201", "201", "409", "409", "201", "409", "201"]);
    let all = provider.get("/Users?sortBy=userName").await;
    assert_eq!(all.each("/Resources", "/title"), ["0", "1", "4", "6"]);
}

#[tokio::test]
async fn later_changes_see_what_earlier_ones_did() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann" })).await;
    let rename = json!({ "Operations": [{ "op": "replace", "value": { "userName": "old" } }] });
    let statuses = provider.made(json!([
        { "method": "PATCH", "path": format!("Users/{ann}"), "data": rename },
        post("new", &json!({ "userName": "ann" })),
        { "method": "delete", "path": format!("/users/{ann}/") },
        post("again", &json!({ "userName": "old" })),
        { "method": "PUT", "path": "/Users/bulkId:again", "bulkId": "new",
          "data": { "userName": "oldest" } },
        { "method": "PATCH", "path": "/Users/bulkId:new",
          "data": { "Operations": [{ "op": "add", "path": "title", "value": "new" }] } },
        { "method": "DELETE", "path": format!("/Users/{ann}") },
        { "method": "DELETE", "path": format!("/Users/{ann}") },
    ]));
    let expect = ["200", "201", "204", "201", "200", "200", "204", "404"];
    assert_eq!(statuses.await, expect);
    assert_eq!(provider.found("id pr").await.len(), 1);
    assert_eq!(provider.found(r#"title eq "new""#).await.len(), 1);
}

#[tokio::test]
async fn as_many_are_made_as_are_announced_and_no_more() {
    let provider = Provider::new().await;
    let configuration = provider.get("/ServiceProviderConfig").await.json();
    let most = configuration["bulk"]["maxOperations"].as_u64().unwrap();
    let bytes = configuration["bulk"]["maxPayloadSize"].as_u64().unwrap();
    assert_eq!((most, bytes), (1_000, 1024 * 1024));
    let operation = |number: u64| {
        post(&number.to_string(), &json!({ "userName": format!("u{number}") }))
    };
    let mut operations: Vec<Value> = (0..most).map(operation).collect();
    let statuses = provider.made(json!(operations)).await;
    assert_eq!((statuses.len(), statuses.iter().all(|status| status == "201")), (1_000, true));
    assert_eq!(provider.get("/Users?count=0").await.at("/totalResults"), "1000");
    let before = provider.tenant.numbers().await;
    operations.push(operation(most));
    let answer = provider.bulk(request(json!(operations))).await.must_be(413);
    assert_eq!(answer.at("/status"), "413");
    let long = "x".repeat(usize::try_from(bytes).unwrap());
    let long = json!([post("a", &json!({ "userName": "a", "nickName": long }))]);
    provider.bulk(request(long)).await.must_be(413);
    assert_eq!(provider.tenant.numbers().await, before);
}

#[tokio::test]
async fn what_is_no_bulk_request_is_refused_and_changes_nothing() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann" })).await;
    let before = provider.tenant.numbers().await;
    for (body, scim_type) in [
        (json!([]), "invalidSyntax"),
        (json!({}), "invalidSyntax"),
        (json!({ "Operations": {} }), "invalidSyntax"),
        (json!({ "Operations": [], "failOnErrors": 0 }), "invalidValue"),
    ] {
        let answer = provider.bulk(body).await.must_be(400);
        assert_eq!(answer.at("/scimType"), scim_type);
    }
    assert_eq!(provider.made(json!([])).await, Vec::<String>::new());
    let long = "x".repeat(100_000);
    let operation = |path: String| json!({ "method": "DELETE", "path": path });
    let statuses = provider.made(json!([
        7, operation(format!("/Users/{ann}?x=1")), operation("/Users/%00".to_owned()),
        operation("/Users/a b\u{e9}\u{0}#".to_owned()), operation(format!("/Users/{long}")),
        operation("/Bulk".to_owned()), operation("/Users/.search".to_owned()),
        operation("/Schemas/x".to_owned()), operation(format!("/Users/../Users/{ann}")),
        operation(format!("http://elsewhere/Users/{ann}")),
        { "method": "DELETE", "path": format!("/Users/{ann}"), "version": "\n" },
        { "method": "DELETE", "path": format!("/Users/{ann}"), "version": "" },
    ]));
    let expect = [
        "400", "404", "404", "404", "404", "400", "404", "400", "400", "400", "400", "412",
    ];
    assert_eq!(statuses.await, expect);
    assert_eq!(provider.tenant.numbers().await, before);
}

#[tokio::test]
async fn a_bulk_request_is_counted_once() {
    let provider = Provider::new().await;
    let world = &provider.tenant.world;
    let own = ClientSet::One(provider.tenant.id);
    let limited = world.token_with(own, &[Scope::Scim], "api=2", None).await;
    let operations: Vec<Value> = (0..20)
        .map(|number| post(&number.to_string(), &json!({ "userName": format!("u{number}") })))
        .collect();
    let path = provider.path("/Bulk");
    for status in [200, 200, 429] {
        limited.post(&path, request(json!(operations))).await.must_be(status);
    }
}
