//! Files of people, and how the last imports went.

use std::convert::Infallible;

use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use rollcall::http::body::Body;
use rollcall::model::scope::Scope;
use rollcall::operations::import::jobs;
use serde_json::{Value, json};

use crate::support::{Answer, Bearer, Caller, Tenant};

const PEOPLE: &str = "username,departments,state\nann,Lab,ACTIVE\nben,,NONSENSE\n";

impl Tenant {
    async fn import_as(&self, bearer: &Bearer, query: &str, csv: impl Into<Body>) -> Answer {
        let path = self.path(&format!("/imports{query}"));
        let question = bearer.ask("POST", &path).header("content-type", "text/csv");
        question.body(csv).send().await
    }

    async fn import(&self, query: &str, csv: impl Into<Body>) -> Answer {
        self.import_as(&self.bearer, query, csv).await
    }

    /// The import at that place, once it has ended.
    async fn ended(&self, location: &str) -> Answer {
        loop {
            let answer = self.bearer.get(location).await.must_be(200);
            if answer.at("/state") != "running" {
                return answer;
            }
        }
    }

    async fn listed(&self) -> Value {
        self.get("/imports").await.must_be(200).json()
    }
}

#[tokio::test]
async fn a_file_is_tried_and_then_taken_in() {
    let tenant = Tenant::new().await;
    let before = tenant.numbers().await;
    let tried = tenant.import("?dry_run=true&file_name=people.csv", PEOPLE).await;
    let totals = json!({
        "created": 1, "changed": 0, "unchanged": 0, "bad": 1,
        "departments_created": 1, "departments_changed": 0,
    });
    let made = |kind: &str, name: &str| {
        json!({
            "line": 2, "action": "created", "kind": kind, "name": name, "fields": [],
            "column": null, "reason": null,
        })
    };
    let refusal = json!({
        "line": 3, "action": "refused", "kind": null, "name": null, "fields": [],
        "column": "state", "reason": "state must be ACTIVE or INACTIVE",
    });
    let expected = json!({
        "file_name": "people.csv", "format": "csv", "bytes": PEOPLE.len(), "totals": totals,
        "rows": [made("department", "Lab"), made("user", "ann"), refusal],
    });
    assert_eq!(tried.must_be(200).json(), expected);
    assert_eq!(tenant.numbers().await, before);
    assert_eq!(tenant.listed().await, json!({ "data": [] }));

    let begun = tenant.import("?file_name=people.csv", PEOPLE).await.must_be(202);
    assert_eq!(begun.at("/file_name"), "people.csv");
    let location = begun.header("location").to_owned();
    assert_eq!(location, tenant.path(&format!("/imports/{}", begun.at("/id"))));
    let ended = tenant.ended(&location).await.json();
    assert_eq!(ended["state"], "done");
    assert_eq!(ended["totals"], totals);
    assert_eq!(ended["bytes_done"], PEOPLE.len());
    let bad = json!({ "line": 3, "column": "state", "reason": "state must be ACTIVE or INACTIVE" });
    assert_eq!(ended["bad_rows"], json!([bad]));
    let actor = tenant.bearer.id.unwrap();
    assert_eq!(ended["actor"], json!({ "id": actor, "name": null }));
    let mut summary = ended;
    summary.as_object_mut().unwrap().shift_remove("bad_rows");
    assert_eq!(tenant.listed().await, json!({ "data": [summary] }));
    // The log names the token, and the door.
    let log = tenant.world.log(tenant.id).await;
    let last = log.last().unwrap();
    assert_eq!(last.actor, Some(actor.to_string()));
    assert_eq!(&*last.source, "import");
}

#[tokio::test]
async fn json_lines_are_taken_too() {
    let tenant = Tenant::new().await;
    let question = tenant.ask("POST", "/imports");
    let question = question.header("content-type", "application/x-ndjson; charset=utf-8");
    let begun = question.body("{\"username\":\"ann\"}\n").send().await.must_be(202);
    let ended = tenant.ended(begun.header("location")).await;
    assert_eq!((ended.at("/format"), ended.at("/totals/created")), ("jsonl".into(), "1".into()));
    assert_eq!(ended.at("/file_name"), "import.jsonl");
}

#[tokio::test]
async fn departments_are_made_for_who_may_make_some() {
    let tenant = Tenant::new().await;
    tenant.department("Sales").await;
    let bearer = tenant.token(&[Scope::UsersWrite, Scope::UsersRead]).await;
    let file = "username,departments\nann,Sales\nben,Lab\ncem,\n";
    let tried = tenant.import_as(&bearer, "?dry_run=true", file).await.must_be(200);
    assert_eq!((tried.at("/totals/created"), tried.at("/totals/bad")), ("2".into(), "1".into()));
    let begun = tenant.import_as(&bearer, "", file).await.must_be(202);
    let ended = tenant.ended(begun.header("location")).await;
    assert_eq!(ended.at("/totals/created"), "2");
    assert_eq!(ended.at("/bad_rows/0/line"), "3");
    let reason = ended.at("/bad_rows/0/reason");
    assert!(reason.contains("Lab") && reason.contains("departments:write"), "{reason}");
    let lines = "{\"name\":\"Sales\"}\n{\"name\":\"Sales\",\"description\":\"x\"}\n{\"name\":\"Lab\"}\n";
    let question = bearer.ask("POST", &tenant.path("/imports?dry_run=true"));
    let question = question.header("content-type", "application/x-ndjson").body(lines);
    let tried = question.send().await.must_be(200);
    assert_eq!((tried.at("/rows/0/line"), tried.at("/rows/1/line")), ("2".into(), "3".into()));
    assert_eq!(tried.at("/totals/bad"), "2");
    let listed = tenant.get("/departments").await.must_be(200);
    assert_eq!(listed.each("/data", "/name"), ["Sales"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_fails_and_says_why() {
    let tenant = Tenant::new().await;
    let nonsense = "salary\n1\n";
    let tried = tenant.import("?dry_run=true", nonsense).await.must_be(400);
    assert!(tried.at("/error/message").contains("salary"), "{tried}");
    let begun = tenant.import("", nonsense).await.must_be(202);
    let ended = tenant.ended(begun.header("location")).await;
    assert_eq!(ended.at("/state"), "failed");
    assert!(ended.at("/failure").contains("salary"), "{ended}");
}

#[tokio::test]
async fn what_is_no_file_is_refused_and_leaves_nothing() {
    let tenant = Tenant::new().await;
    for content_type in ["application/json", "text/csv; charset=latin1", "text/plain"] {
        let question = tenant.ask("POST", "/imports").header("content-type", content_type);
        let answer = question.body(PEOPLE).send().await.must_be(415);
        assert_eq!(answer.at("/error/details/field"), "Content-Type");
    }
    tenant.ask("POST", "/imports").body(PEOPLE).send().await.must_be(415);
    for (query, field) in [
        ("?dry_run=maybe", "dry_run"),
        ("?file_name=", "file_name"),
        ("?file_name=a%00b", "file_name"),
        ("?dryrun=true", "dryrun"),
    ] {
        let answer = tenant.import(query, PEOPLE).await.must_be(400);
        assert_eq!(answer.at("/error/details/field"), field);
    }
    // However many are tried, none is in the next one's way.
    for _ in 0..10 {
        tenant.import("?dry_run=true", PEOPLE).await.must_be(200);
        tenant.import("?dry_run=true", "salary\n").await.must_be(400);
    }
    assert_eq!(tenant.listed().await, json!({ "data": [] }));
}

#[tokio::test]
async fn a_file_may_be_longer_than_other_bodies_and_not_longer_than_files() {
    let tenant = Tenant::new().await;
    let rows = (0..60_000).map(|number| format!("user{number},{number:020}\n"));
    let long = format!("username,universal_identifier\n{}", rows.collect::<String>());
    assert!(long.len() > 1_500_000);
    let tried = tenant.import("?dry_run=true", long).await.must_be(200);
    assert_eq!(tried.at("/totals/created"), "60000");
    assert_eq!(tried.json()["rows"].as_array().unwrap().len(), 500);
    // By its head, and for who does not say it there.
    let too_long = vec![b'x'; 64 * 1024 * 1024 + 1];
    let announced = tenant.ask("POST", "/imports").header("content-type", "text/csv");
    let announced = announced.header("content-length", &too_long.len().to_string());
    let answer = announced.body("").send().await.must_be(413);
    assert_eq!(answer.at("/error/message"), "The file is longer than 64 MiB");
    let pieces: Vec<_> = too_long
        .chunks(1_000_000)
        .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let body = Body::new(StreamBody::new(stream::iter(pieces)));
    let answer = tenant.import("", body).await.must_be(413);
    assert_eq!(answer.at("/error/code"), "payload_too_large");
    assert_eq!(tenant.listed().await, json!({ "data": [] }));
}

#[tokio::test]
async fn the_newest_are_listed_and_another_server_says_the_same() {
    let tenant = Tenant::new().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let begun = tenant.import("", format!("username\nuser{number}\n")).await.must_be(202);
        ids.insert(0, begun.at("/id"));
        tenant.ended(begun.header("location")).await;
    }
    assert_eq!(tenant.get("/imports").await.each("/data", "/id"), ids);
    let two = tenant.get("/imports?page_size=2").await.must_be(200);
    assert_eq!(two.each("/data", "/id"), ids[..2]);
    tenant.get("/imports?page_size=0").await.must_be(400);
    tenant.get(&format!("/imports?page_size={}", jobs::KEPT + 1)).await.must_be(200);
    let there = Bearer {
        world: tenant.world.another_server().await,
        ..tenant.bearer.clone()
    };
    let path = tenant.path(&format!("/imports/{}", ids[0]));
    let (here, there) = (tenant.bearer.get(&path).await, there.get(&path).await);
    assert_eq!(here.text(), there.text());
}
