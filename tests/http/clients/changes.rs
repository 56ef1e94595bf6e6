//! `/v2/clients/{client_id}/changes`: who changed what, and its file.

use std::time::Duration;

use insta::assert_snapshot;
use rollcall::model::change::{Actor, ChangeQuery, Entity, Source};
use rollcall::model::department::Department;
use rollcall::model::oauth::NewOauthClient;
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::{ClientSet, NewToken};
use rollcall::operations::caller::{Access, AdminAccess};
use rollcall::operations::changes::{Export, Format};
use rollcall::operations::{oauth, tokens};
use rollcall::store::{self, changes::Change};
use serde_json::{Value, json};

use crate::support::people::department;
use crate::support::walks::client_walk;
use crate::support::{Bearer, Caller, EVERY_SCOPE, Tenant};

impl Tenant {
    /// The changes that the log finds, over all pages of two.
    async fn changes(&self, query: &str) -> Vec<Value> {
        let path = self.path(&format!("/changes?page_size=2&{query}"));
        client_walk(&self.bearer, &path).await
    }

    /// Their numbers.
    async fn numbers_of(&self, query: &str) -> Vec<i64> {
        let found = self.changes(query).await;
        found.iter().map(|change| change["number"].as_i64().unwrap()).collect()
    }

    /// The bearer of a token that was given a name.
    async fn named(&self, name: &str) -> Bearer {
        let new = NewToken {
            name: Some(name.into()),
            clients: ClientSet::One(self.id),
            scopes: EVERY_SCOPE.to_vec(),
            limits: Limits::default(),
            expires_at: None,
        };
        let admin = AdminAccess::of_command_line();
        let (token, secret) = tokens::create(self.world.app(), &admin, new).await.unwrap();
        Bearer {
            id: Some(token.id),
            ..self.world.bearer(secret.reveal())
        }
    }
}

/// The fields of a change with what they were and are.
fn differences(change: &Value) -> Vec<String> {
    let differences = change["differences"].as_array().unwrap().iter();
    differences
        .map(|one| format!("{}: {} -> {}", one["field"].as_str().unwrap(), one["from"], one["to"]))
        .collect()
}

#[tokio::test]
async fn a_change_says_who_did_what_when_and_through_which_door() {
    let client = Tenant::new().await;
    let sales = client.department("Sales").await;
    let anna = client.user("anna").await;
    client.world.clock().advance(Duration::from_secs(1));
    let editor = client.named("the front end").await;
    let path = client.path(&format!("/users/{anna}"));
    editor.patch(&path, json!({ "departments": [sales] })).await.must_be(200);
    let profile = json!({ "state": "INACTIVE", "employment_info": { "role": "Lead" } });
    editor.patch(&format!("{path}/profile"), profile).await.must_be(200);
    assert_snapshot!(client.get("/changes?page_size=2").await.at("/data"), @r#"[{"number":5,"at":"2026-02-24T12:00:01.000Z","action":"updated","entity":"user","entity_id":"019c8f85-3e00-7000-8000-000000000004","name":"anna","actor":{"id":"019c8f85-41e8-7000-8000-000000000005","name":"the front end"},"source":"api","differences":[{"field":"profile.state","from":"ACTIVE","to":"INACTIVE"},{"field":"profile.employment_info.role","from":null,"to":"Lead"}],"undoes":null,"undoable":true},{"number":4,"at":"2026-02-24T12:00:01.000Z","action":"updated","entity":"user","entity_id":"019c8f85-3e00-7000-8000-000000000004","name":"anna","actor":{"id":"019c8f85-41e8-7000-8000-000000000005","name":"the front end"},"source":"api","differences":[{"field":"departments","from":null,"to":["Sales"]}],"undoes":null,"undoable":true}]"#);
    let whole = client.changes("").await;
    assert_eq!(whole.len(), 5);
    assert_eq!(whole[4]["entity"], "client");
    assert_eq!(whole[4]["actor"], Value::Null);
    assert_eq!(whole[4]["source"], "command_line");
    assert_eq!(differences(&whole[4]), [r#"name: null -> "Acme""#]);
    assert_eq!(differences(&whole[3]), [r#"name: null -> "Sales""#]);
    assert_eq!(
        differences(&whole[2]),
        [
            r#"username: null -> "anna""#,
            r#"user_key: null -> "anna""#,
            r#"profile.state: null -> "ACTIVE""#
        ]
    );
}

#[tokio::test]
async fn names_are_those_of_today_of_who_is_gone_too() {
    let client = Tenant::new().await;
    let sales = client.department("Sales").await;
    let anna = client.user("anna").await;
    let gone = client.named("gone").await;
    let path = client.path(&format!("/users/{anna}"));
    gone.patch(&path, json!({ "departments": [sales] })).await.must_be(200);
    client.world.revoke(gone.id.unwrap()).await;
    let rest = format!("/departments/{sales}");
    client.patch(&rest, json!({ "name": "Field Sales" })).await.must_be(200);
    client.delete(&rest).await.must_be(204);
    client.delete(&format!("/users/{anna}")).await.must_be(204);
    let new = NewOauthClient {
        name: Some("machine".into()),
        client: client.id,
        scopes: vec![Scope::UsersWrite],
        limits: Limits::default(),
    };
    let admin = AdminAccess::of_command_line();
    let (machine, secret) = oauth::create(client.world.app(), &admin, new).await.unwrap();
    let (id, secret) = (machine.id, secret.reveal());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let question = client.world.anonymous().ask("POST", "/oauth2/token");
    let question = question.header("content-type", "application/x-www-form-urlencoded");
    let token = question.body(form).send().await.must_be(200).at("/access_token");
    let restore = format!("{path}/restore");
    client.world.bearer(&token).post(&restore, json!({})).await.must_be(200);

    let all = client.changes("").await;
    let shown: Vec<String> = all
        .iter()
        .map(|change| {
            let text = |pointer: &str| change.pointer(pointer).and_then(Value::as_str);
            let name = text("/name").unwrap_or("-");
            let actor = text("/actor/name").unwrap_or("-");
            let (entity, action) = (text("/entity").unwrap(), text("/action").unwrap());
            format!("{entity} {name} {action} by {actor}")
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @r"
    user anna restored by machine
    user anna deleted by -
    department Field Sales deleted by -
    department Field Sales updated by -
    user anna updated by gone
    user anna created by -
    department Field Sales created by -
    client Acme created by -
    ");
    assert_eq!(differences(&all[4]), [r#"departments: null -> ["Field Sales"]"#]);
    assert_eq!(all[0]["actor"]["id"], id.as_str());
}

#[tokio::test]
async fn each_filter_finds_what_it_names_and_all_of_them_must_hold() {
    let client = Tenant::new().await;
    let anna = client.user("anna").await;
    let bert = client.user("bert").await;
    let sales = client.department("Sales").await;
    client.world.clock().advance(Duration::from_secs(60));
    client.assign(&anna, &[&sales]).await;
    client.delete(&format!("/users/{anna}")).await.must_be(204);
    client.seen("carl", "web", "2026-02-24T11:00:00Z").await;
    client.world.clock().advance(Duration::from_secs(60));
    let other = client.token(&EVERY_SCOPE).await;
    let path = client.path(&format!("/users/{bert}"));
    other.delete(&path).await.must_be(204);
    let scim = format!("/scim/v2/{}/Users", client.id);
    client.bearer.post(&scim, json!({ "userName": "dora" })).await.must_be(201);

    let (own, others) = (client.bearer.id.unwrap(), other.id.unwrap());
    for (query, expected) in [
        (String::new(), vec![9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("entity=client".into(), vec![1]),
        ("entity=department".into(), vec![4]),
        ("entity=user".into(), vec![9, 8, 7, 6, 5, 3, 2]),
        (format!("entity=user&entity_id={anna}"), vec![6, 5, 2]),
        (format!("entity=user&entity_id={}", anna.to_uppercase()), vec![6, 5, 2]),
        (format!("entity=user&entity_id={anna}&action=updated"), vec![5]),
        (format!("entity=user&entity_id={anna}&until=2026-02-24T12:01:00Z"), vec![2]),
        (format!("entity=department&entity_id={anna}"), vec![]),
        (format!("entity=department&entity_id={sales}"), vec![4]),
        (format!("entity=client&entity_id={}", client.id), vec![1]),
        (format!("entity=client&entity_id={anna}"), vec![]),
        ("action=deleted".into(), vec![8, 6]),
        ("action=restored".into(), vec![]),
        ("source=api".into(), vec![8, 6, 5, 4, 3, 2]),
        ("source=activity".into(), vec![7]),
        ("source=scim".into(), vec![9]),
        ("source=command_line".into(), vec![1]),
        ("actor=command_line".into(), vec![1]),
        (format!("actor={others}"), vec![8]),
        (format!("actor={own}&action=created"), vec![9, 7, 4, 3, 2]),
        ("from=2026-02-24T12:01:00Z".into(), vec![9, 8, 7, 6, 5]),
        ("until=2026-02-24T12:01:00Z".into(), vec![4, 3, 2, 1]),
        (
            "from=2026-02-24T12:01:00Z&until=2026-02-24T12:02:00Z".into(),
            vec![7, 6, 5],
        ),
        ("from=2026-02-24T12:02:00.001Z".into(), vec![]),
        ("from=2027-01-01T00:00:00Z".into(), vec![]),
        ("until=2025-01-01T00:00:00Z".into(), vec![]),
    ] {
        assert_eq!(client.numbers_of(&query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_timeline_goes_on_through_what_its_departments_go_through() {
    let client = Tenant::new().await;
    let sales = client.department("Sales").await;
    let anna = client.user("anna").await;
    client.assign(&anna, &[&sales]).await;
    let rest = format!("/departments/{sales}");
    // Each moves Anna's revision, and none is a change of hers.
    for name in ["A", "B", "C"] {
        client.patch(&rest, json!({ "name": name })).await.must_be(200);
    }
    let profile = format!("/users/{anna}/profile");
    client.patch(&profile, json!({ "first_name": "Anna" })).await.must_be(200);
    client.delete(&rest).await.must_be(204);
    client.delete(&format!("/users/{anna}")).await.must_be(204);
    client.user("anna").await;
    let theirs = format!("entity=user&entity_id={anna}");
    assert_eq!(client.numbers_of(&theirs).await, [11, 10, 8, 4, 3]);
    let ones = format!("entity=department&entity_id={sales}");
    assert_eq!(client.numbers_of(&ones).await, [9, 7, 6, 5, 2]);
}

#[tokio::test]
async fn no_secret_is_in_the_log_and_nothing_that_only_scim_shows() {
    let client = Tenant::new().await;
    let admin = client.world.admin().await;
    let secret = json!({ "enrollment_token": "s3cret-enrollment", "name": "Acme" });
    admin.patch(&client.path(""), secret).await.must_be(200);
    let scim = format!("/scim/v2/{}/Users", client.id);
    let body = json!({
        "userName": "anna", "password": "s3cret-password", "title": "Clerk",
        "phoneNumbers": [{ "type": "home", "value": "s3cret-number" }],
    });
    let anna = client.bearer.post(&scim, body).await.must_be(201).at("/id");
    let only_scims = json!({ "phoneNumbers": [{ "type": "home", "value": "s3cret-other" }],
        "userName": "anna", "title": "Clerk" });
    let question = client.bearer.ask("PUT", &format!("{scim}/{anna}")).json(&only_scims);
    question.send().await.must_be(200);
    let all = client.changes("").await;
    assert!(!Value::from(all.clone()).to_string().contains("s3cret"), "{all:?}");
    assert_eq!(differences(&all[0]), ["profile.provisioned: null -> null"]);
    assert_eq!(differences(&all[2]), ["enrollment_token: null -> null"]);
    for format in [Format::Csv, Format::Jsonl] {
        assert!(!exported(&client, ChangeQuery::default(), format).await.contains("s3cret"));
    }
}

/// How many changes fill a log that is too long for one page's look.
const FILLING: i64 = 45_000;

/// When the filling change of that number was made: one a minute, by a node whose clock is early now
/// and then.
fn made_at(number: i64) -> Timestamp {
    let noon = Timestamp::parse("2026-02-24T12:00:00Z").unwrap();
    let early = if number % 3 == 0 { 20 } else { 0 };
    noon.plus_milliseconds((number - early) * 60_000)
}

#[tokio::test]
async fn a_page_of_a_long_log_looks_at_so_much_and_says_where_to_go_on() {
    let client = Tenant::new().await;
    let anna = client.user("anna").await;
    let id = client.id;
    client
        .world
        .write_beside(move |tx| {
            let actor = Actor { token: None, source: Source::Import };
            let entity_id = "00000000-0000-7000-8000-0000000000dd";
            let change = |number| Change {
                number,
                at: made_at(number),
                actor,
                entity: Entity::Department,
                entity_id,
                action: "updated",
                detail: "{}",
                previous: (number > 3).then_some(number - 1),
            };
            let changes: Vec<_> = (3..3 + FILLING).map(change).collect();
            store::changes::insert_many(tx, id, &changes)?;
            let department = Department {
                revision: 2 + FILLING,
                ..department(entity_id, "Old", None)
            };
            assert!(store::departments::insert(tx, id, &department)?);
            store::clients::set_change_number(tx, id, 2 + FILLING)
        })
        .await;
    let (mut found, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = client.get(&format!("/changes?action=created{cursor}")).await.must_be(200).json();
        pages += 1;
        found.extend(page["data"].as_array().unwrap().iter().map(|one| one["number"].as_i64().unwrap()));
        match &page["next_cursor"] {
            Value::Null => break,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
    assert_eq!((pages, found), (3, vec![2, 1]));
    // Somebody's timeline is at hand, wherever it lies.
    let page = client.get(&format!("/changes?entity=user&entity_id={anna}")).await;
    assert_eq!((page.at("/data/0/number"), page.at("/next_cursor")), ("2".into(), "null".into()));
    // So is a span of time, though moments are not quite in the order of the numbers.
    for (from, until) in [(40_000, 40_030), (44_990, 60_000), (3, 10), (-50, 4)] {
        let expected: Vec<i64> = (3..3 + FILLING)
            .rev()
            .filter(|number| (made_at(from)..made_at(until)).contains(&made_at(*number)))
            .collect();
        let (from, until) = (made_at(from).with_milliseconds(), made_at(until).with_milliseconds());
        let query = format!("/changes?source=import&page_size=100&from={from}&until={until}");
        let page = client.get(&query).await.must_be(200);
        let numbers: Vec<i64> = page.json()["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers, expected, "{query}");
        assert_eq!(page.at("/next_cursor"), "null", "{query}");
    }
    // One record's changes are looked at 1,000 at a time when something else is asked too.
    let theirs = "/changes?entity=department&entity_id=00000000-0000-7000-8000-0000000000dd";
    let page = client.get(&format!("{theirs}&action=deleted")).await.must_be(200);
    assert_eq!(page.at("/data"), "[]");
    assert_ne!(page.at("/next_cursor"), "null");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_its_name() {
    let client = Tenant::new().await;
    let anna = client.user("anna").await;
    for (query, field) in [
        ("entity=shoe", "entity"),
        ("entity=user&entity_id=x", "entity_id"),
        (&format!("entity_id={anna}"), "entity_id"),
        ("action=undone", "action"),
        ("source=door", "source"),
        ("actor=anna", "actor"),
        ("from=yesterday", "from"),
        ("until=1", "until"),
        ("page_size=0", "page_size"),
        ("user_id=x", "user_id"),
    ] {
        let answer = client.get(&format!("/changes?{query}")).await;
        assert_eq!(answer.refusal(), format!("400 invalid_request {field}"), "{query}");
    }
    // A cursor is of its filters and its client.
    let cursor = client.get("/changes?page_size=1").await.at("/next_cursor");
    let other = Tenant::within(&client.world, "Other").await;
    let own = client.get(&format!("/changes?cursor={cursor}")).await.must_be(200);
    assert_eq!(own.at("/data/0/number"), "1");
    for answer in [
        client.get(&format!("/changes?cursor={cursor}&entity=user")).await,
        other.get(&format!("/changes?cursor={cursor}")).await,
    ] {
        assert_eq!(answer.refusal(), "400 invalid_cursor cursor");
    }
}

/// The whole file.
async fn exported(client: &Tenant, query: ChangeQuery, format: Format) -> String {
    let access = Access::of_command_line(client.id, Source::CommandLine);
    let (mut export, mut text) = (Export::new(query, format), String::new());
    while let Some(piece) = export.piece(client.world.app(), &access).await.unwrap() {
        text.push_str(&piece);
    }
    assert!(!export.is_cut());
    text
}

#[tokio::test]
async fn the_file_has_what_the_list_has_and_no_formula() {
    let client = Tenant::new().await;
    let body = json!({ "username": "=HYPERLINK(\"http://x\")", "user_key": "-1+1, or so" });
    let anna = client.post("/users", body).await.must_be(201).at("/id");
    for number in 0..120 {
        let profile = json!({ "first_name": format!("Anna {number}") });
        client.patch(&format!("/users/{anna}/profile"), profile).await.must_be(200);
    }
    let lines = exported(&client, ChangeQuery::default(), Format::Jsonl).await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, client.changes("").await);
    let created = ChangeQuery { action: Some("created"), ..ChangeQuery::default() };
    assert_snapshot!(exported(&client, created, Format::Csv).await, @r#"
    number,at,action,entity,entity_id,name,actor_id,actor_name,source,field,from,to
    2,2026-02-24T12:00:00.000Z,created,user,019c8f85-3e00-7000-8000-000000000003,"'=HYPERLINK(""http://x"")",019c8f85-3e00-7000-8000-000000000002,,api,username,,"'=HYPERLINK(""http://x"")"
    2,2026-02-24T12:00:00.000Z,created,user,019c8f85-3e00-7000-8000-000000000003,"'=HYPERLINK(""http://x"")",019c8f85-3e00-7000-8000-000000000002,,api,user_key,,"'-1+1, or so"
    2,2026-02-24T12:00:00.000Z,created,user,019c8f85-3e00-7000-8000-000000000003,"'=HYPERLINK(""http://x"")",019c8f85-3e00-7000-8000-000000000002,,api,profile.state,,ACTIVE
    1,2026-02-24T12:00:00.000Z,created,client,019c8f85-3e00-7000-8000-000000000001,Acme,,,command_line,name,,Acme
    "#);
    let none = ChangeQuery { action: Some("deleted"), ..ChangeQuery::default() };
    assert_eq!(exported(&client, none, Format::Csv).await.lines().count(), 1);
    assert_eq!(exported(&client, none, Format::Jsonl).await, "");
}
