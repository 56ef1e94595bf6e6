//! A pool that is used up, by writes that wait for somebody who holds a table: they and all that
//! come behind them are told to come again and do not hang, who reads notices nothing, and when the
//! table is free everything works.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::Instant;
use tokio_postgres::NoTls;

use super::stage::{CLIENT, Stage, path};
use super::{ANSWER_MAX, Figures, PROMPT, until};

/// The lock is waited for 10 s, which is what a session is set to, and before it for a connection.
const BUSY_MAX: Duration = Duration::from_secs(15);
/// What reading from memory must not take longer than, on a machine that is busy.
const READ_MAX: Duration = Duration::from_secs(1);
/// Requests at a time.
const WRITES: usize = 60;

/// What was measured.
#[derive(Default)]
pub struct Report {
    pub refusals: Figures,
    pub reads: Figures,
    pub resumed: Figures,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "503 with Retry-After came after: {}",
            self.refusals
        )?;
        writeln!(formatter, "reads from memory meanwhile: {}", self.reads)?;
        let resumed = &self.resumed;
        write!(formatter, "first write after the table was free: {resumed}")
    }
}

/// Plays it `rounds` times.
pub async fn play(rounds: usize) -> Report {
    let parameters = "&connection_limit=2&pool_timeout=1";
    let stage = block_in_place(|| Stage::with_parameters(2, parameters));
    let door = &stage.nodes[0].door;
    let body = json!({ "username": "Somebody", "user_key": "somebody" });
    let made = door.post(&path("/users"), &stage.token, &body).await;
    let user = made.must_be(201, "create").id();
    let mut report = Report::default();
    for _ in 0..rounds {
        for node in &stage.nodes {
            until_shown(&stage, &node.door, &user).await;
        }
        round(&stage, &user, &mut report).await;
    }
    report
}

async fn until_shown(stage: &Stage, door: &super::node::Door, user: &str) {
    let path = path(&format!("/users/{user}"));
    let shown = async || door.get(&path, &stage.token).await.status == 200;
    until("it is loaded", Instant::now(), PROMPT, shown).await;
}

async fn round(stage: &Stage, user: &str, report: &mut Report) {
    let url = stage.url();
    let (mut holder, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let held = holder.transaction().await.unwrap();
    let lock = "LOCK TABLE clients, activity_counters IN ACCESS EXCLUSIVE MODE";
    held.batch_execute(lock).await.unwrap();

    let mut writes = JoinSet::new();
    for number in 0..WRITES {
        let door = stage.nodes[number % 2].door.clone();
        let token = stage.token.clone();
        let (method, path, body) = question(number / 2, user);
        writes.spawn(async move {
            let since = Instant::now();
            let answer = door.try_ask(method, &path, &token, Some(&body), 2 * BUSY_MAX);
            (answer.await.unwrap(), since.elapsed())
        });
    }
    let read = path(&format!("/users/{user}"));
    while !writes.is_empty() {
        for node in &stage.nodes {
            let since = Instant::now();
            node.door.json(&read, &stage.token).await;
            report.reads.add(since.elapsed());
        }
        let pause = tokio::time::timeout(Duration::from_millis(50), writes.join_next());
        if let Ok(Some(ended)) = pause.await {
            let (answer, waited) = ended.unwrap();
            assert!(answer.is_busy(), "{answer:?}");
            report.refusals.add(waited);
        }
    }
    assert!(report.reads.max() < READ_MAX, "reads: {}", report.reads);
    assert!(
        report.refusals.max() < BUSY_MAX,
        "refusals: {}",
        report.refusals
    );

    held.rollback().await.unwrap();
    drop(holder);
    connection.await.unwrap().unwrap();
    let since = Instant::now();
    for node in &stage.nodes {
        let resumed = until("it writes again", since, ANSWER_MAX, async || {
            let (method, path, body) = question(0, user);
            let answer = node.door.ask(method, &path, &stage.token, Some(&body));
            answer.await.status == 200
        });
        report.resumed.add(resumed.await);
    }
    assert!(
        report.resumed.max() < PROMPT,
        "back after {}",
        report.resumed
    );
}

/// A write that begins by locking its client, and one that does not.
fn question(number: usize, user: &str) -> (Method, String, Value) {
    if number % 3 == 2 {
        let at = "2026-01-01T00:00:00Z";
        let report = json!({ "user_id": user, "channel": "web", "at": at });
        let path = format!("/v2/clients/{CLIENT}/activity");
        return (Method::POST, path, json!({ "reports": [report] }));
    }
    let body = json!({ "employment_info": { "role": format!("Role {number}") } });
    (Method::PATCH, path(&format!("/users/{user}/profile")), body)
}
