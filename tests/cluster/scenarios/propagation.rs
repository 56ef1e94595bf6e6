//! What is done through one node is seen through each other within 2 s, and through itself at once.

use std::fmt;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::block_in_place;
use tokio::time::Instant;

use super::node::{Answer, Door};
use super::stage::{CLIENT, INSTANCE, Stage, path};
use super::{Figures, PROMPT, until};

/// What was measured.
#[derive(Default)]
pub struct Report {
    pub seen: Figures,
    pub revoked: Figures,
    pub limited: Figures,
    pub seen_by_cut_off: Figures,
    pub written_by_cut_off: Figures,
    pub seen_after_restart: Figures,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "people and activity seen elsewhere: {}",
            self.seen
        )?;
        writeln!(formatter, "revocations seen: {}", self.revoked)?;
        writeln!(formatter, "new limits seen: {}", self.limited)?;
        let cut_off = &self.seen_by_cut_off;
        writeln!(formatter, "seen by a node that was cut off: {cut_off}")?;
        let written = &self.written_by_cut_off;
        writeln!(formatter, "a node that was cut off writes again: {written}")?;
        let restarted = &self.seen_after_restart;
        write!(formatter, "seen after PostgreSQL's restart: {restarted}")
    }
}

/// Plays `rounds` rounds, through another node each, and then all once more with a node that was cut
/// off and after the database was restarted.
pub async fn play(rounds: usize) -> Report {
    let stage = block_in_place(|| Stage::with_nodes(3));
    let mut report = Report::default();
    for round in 0..rounds {
        let writer = round % 3;
        report.seen.extend(people(&stage, writer, round).await);
        report.revoked.extend(revocation(&stage, writer).await);
        report.limited.extend(new_limit(&stage).await);
        new_client(&stage, writer).await;
    }
    for node in 0..3 {
        let cut = block_in_place(|| stage.cut_off(&stage.nodes[node].name));
        assert!(cut > 0, "the node had no connection");
        // What the others write meanwhile it sees all the same.
        let round = rounds + 2 * node;
        let seen = people(&stage, (node + 1) % 3, round).await;
        report.seen_by_cut_off.extend(seen);
        block_in_place(|| stage.cut_off(&stage.nodes[node].name));
        report.written_by_cut_off.add(writes(&stage, node).await);
        report.seen.extend(people(&stage, node, round + 1).await);
    }
    block_in_place(|| stage.postgres.restart());
    for node in 0..3 {
        writes(&stage, node).await;
        let seen = people(&stage, node, rounds + 6 + node).await;
        report.seen_after_restart.extend(seen);
    }
    report.revoked.extend(revocation(&stage, 0).await);
    report
}

/// A write that may be told to come again, within the time that service may take to resume.
async fn writes(stage: &Stage, node: usize) -> std::time::Duration {
    let (door, since) = (&stage.nodes[node].door, Instant::now());
    until("it writes again", since, PROMPT, async || {
        let body = json!({ "name": format!("Node {node} at {:?}", since.elapsed()) });
        let answer = door.post(&path("/departments"), &stage.token, &body).await;
        assert!(answer.status == 201 || answer.is_busy(), "{answer:?}");
        answer.status == 201
    })
    .await
}

/// A user's life, written through `writer`.
async fn people(stage: &Stage, writer: usize, round: usize) -> Figures {
    let (door, token) = (&stage.nodes[writer].door, &stage.token);
    let mut seen = Figures::default();
    let body = json!({ "username": format!("Person {round}"), "user_key": format!("p{round}") });
    let made = door.post(&path("/users"), token, &body).await;
    let user = path(&format!("/users/{}", made.must_be(201, "create").id()));
    seen.extend(everywhere(stage, writer, &user, |answer| answer.status == 200).await);

    let profile = format!("{user}/profile");
    let role = format!("Role {round}");
    let body = json!({ "employment_info": { "role": role } });
    door.patch(&profile, token, &body)
        .await
        .must_be(200, "profile");
    let has_role = |answer: &Answer| member(answer, "/employment_info/role") == json!(role);
    seen.extend(everywhere(stage, writer, &profile, has_role).await);

    let body = json!({ "name": format!("Department {round}") });
    let made = door.post(&path("/departments"), token, &body).await;
    let department = made.must_be(201, "department").id();
    let body = json!({ "departments": [department] });
    door.patch(&user, token, &body).await.must_be(200, "move");
    let is_in = |answer: &Answer| member(answer, "/departments/0/id") == json!(department);
    seen.extend(everywhere(stage, writer, &user, is_in).await);

    let at = "2026-02-24T21:23:53.082Z";
    let report = json!({ "user_key": format!("p{round}"), "channel": "web", "at": at });
    let body = json!({ "reports": [report] });
    let answer = door.post(&path("/activity"), token, &body).await;
    answer.must_be(202, "activity");
    let was_seen = |answer: &Answer| member(answer, "/last_activity/web_at") == json!(at);
    seen.extend(everywhere(stage, writer, &user, was_seen).await);

    let deleted = door.ask(Method::DELETE, &user, token, None).await;
    deleted.must_be(204, "delete");
    seen.extend(everywhere(stage, writer, &user, |answer| answer.status == 404).await);
    seen
}

fn member(answer: &Answer, pointer: &str) -> Value {
    match answer.status {
        200 => answer.json().pointer(pointer).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

/// Through the writer at once, through the others soon.
async fn everywhere(
    stage: &Stage,
    writer: usize,
    path: &str,
    is_seen: impl Fn(&Answer) -> bool,
) -> Figures {
    let since = Instant::now();
    let mut seen = Figures::default();
    let own = stage.nodes[writer].door.get(path, &stage.token).await;
    assert!(is_seen(&own), "the writing node does not see it: {own:?}");
    for node in (0..3).filter(|node| *node != writer) {
        let door = &stage.nodes[node].door;
        let what = format!("{path} through node {}", stage.nodes[node].name);
        let waited = until(&what, since, PROMPT, async || {
            is_seen(&door.get(path, &stage.token).await)
        });
        seen.add(waited.await);
    }
    seen
}

/// A token that the command line makes is good at once, and revoked within 2 s; through every node.
async fn revocation(stage: &Stage, first: usize) -> Figures {
    let (id, secret) = block_in_place(|| stage.new_token(""));
    for node in 0..3 {
        let door = &stage.nodes[(first + node) % 3].door;
        door.json(&path("/users"), &secret).await;
    }
    block_in_place(|| stage.command(&format!("token revoke {id}")));
    everywhere_beside(stage, "revoked", async |door| {
        door.get(&path("/users"), &secret).await.status == 401
    })
    .await
}

/// A token's limit that the command line lowers holds within 2 s; through every node.
async fn new_limit(stage: &Stage) -> Figures {
    let (id, secret) = block_in_place(|| stage.new_token("--limit api=600"));
    for node in &stage.nodes {
        let answer = node.door.get(&path("/users"), &secret).await;
        assert_eq!(answer.limit.as_deref(), Some("600"));
    }
    block_in_place(|| stage.command(&format!("token limit {id} --limit api=60")));
    everywhere_beside(stage, "limited", async |door| {
        let answer = door.get(&path("/users"), &secret).await;
        answer.limit.as_deref() == Some("60")
    })
    .await
}

/// What was done beside the nodes is seen through each of them.
async fn everywhere_beside(
    stage: &Stage,
    what: &str,
    is_seen: impl AsyncFn(&Door) -> bool,
) -> Figures {
    let since = Instant::now();
    let mut seen = Figures::default();
    for node in &stage.nodes {
        let what = format!("{what} through node {}", node.name);
        let waited = until(&what, since, PROMPT, async || is_seen(&node.door).await);
        seen.add(waited.await);
    }
    seen
}

/// A new client, its instance and its token are good through every node, the client at once.
async fn new_client(stage: &Stage, writer: usize) {
    let admin = block_in_place(|| stage.admin_token());
    let door = &stage.nodes[writer].door;
    let made = door
        .post("/v2/clients", &admin, &json!({ "name": "New" }))
        .await;
    let client = made.must_be(201, "client").id();
    assert_ne!(client, CLIENT);
    for node in &stage.nodes {
        node.door
            .json(&format!("/v2/clients/{client}"), &admin)
            .await;
    }
    let instance = format!("{INSTANCE}-{client}");
    let token = block_in_place(|| {
        stage.command(&format!("instance create {instance} --client {client}"));
        stage.command(&format!(
            "token create --client {client} --scope gateway:read"
        ))
    });
    let token = token["token"].as_str().unwrap();
    for node in &stage.nodes {
        let page = node.door.json(&format!("/{instance}/users"), token).await;
        assert_eq!(page["results"], json!([]));
    }
}
