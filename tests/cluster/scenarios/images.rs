//! Random writes through three nodes at once end in the same picture everywhere, which is also what
//! a node sees that loads everything afresh.

use std::fmt;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::Instant;

use super::chance::Dice;
use super::node::{Door, Starting};
use super::stage::{INSTANCE, Stage, path};
use super::{ANSWER_MAX, Figures, PROMPT, until};

/// Who writes at the same time; each through all nodes by turns of its own.
const WRITERS: usize = 6;
/// Keys of people and names of departments: few, so that the writers meet.
const KEYS: usize = 60;

/// What was measured.
pub struct Report {
    pub writes: usize,
    pub refused: usize,
    pub people: usize,
    pub equal: Figures,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            writes,
            refused,
            people,
            equal,
        } = self;
        write!(
            formatter,
            "{writes} writes ({refused} refused as they should be), {people} people in the end\n\
             equal everywhere and to a fresh load, after the last write: {equal}"
        )
    }
}

/// Plays `rounds` times `writes` writes.
pub async fn play(rounds: usize, writes: usize, seed: u64) -> Report {
    let stage = Arc::new(block_in_place(|| Stage::with_nodes(3)));
    let mut report = Report {
        writes: 0,
        refused: 0,
        people: 0,
        equal: Figures::default(),
    };
    for round in 0..rounds {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let doors = stage.nodes.iter().map(|node| node.door.clone()).collect();
            let writer = Writer {
                doors,
                token: stage.token.clone(),
                dice: Dice(seed ^ ((round * WRITERS + writer) as u64) << 32),
                users: Vec::new(),
                departments: Vec::new(),
            };
            writers.spawn(writer.write(writes / WRITERS));
        }
        for refused in writers.join_all().await {
            report.writes += writes / WRITERS;
            report.refused += refused;
        }
        report.equal.add(until_equal(&stage).await);
    }
    report.people = fresh(&stage).await;
    report
}

/// Waits until the nodes show the same.
pub async fn until_equal(stage: &Stage) -> std::time::Duration {
    // A walk takes its own time, and one more may begin just before the end.
    let within = PROMPT + ANSWER_MAX;
    let since = Instant::now();
    until("equal pictures", since, within, async || {
        let first = picture(&stage.nodes[0].door, &stage.token).await;
        for node in &stage.nodes[1..] {
            if picture(&node.door, &stage.token).await != first {
                return false;
            }
        }
        true
    })
    .await
}

/// Compares all nodes with one that is started now. Returns how many people there are.
pub async fn fresh(stage: &Stage) -> usize {
    let fresh = block_in_place(|| stage.spawn("fresh"));
    let fresh = block_in_place(|| Starting::ready(fresh));
    let expected = picture(&fresh.door, &stage.token).await;
    for node in &stage.nodes {
        let found = picture(&node.door, &stage.token).await;
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "node {} differs", node.name);
        }
    }
    expected[0].lines().count()
}

/// All that a node shows of the client, a text each way of asking.
pub async fn picture(door: &Door, token: &str) -> Vec<String> {
    let mut picture = Vec::new();
    for list in [
        "/users?page_size=100",
        "/users?page_size=500&sort_by=created_at&sort_order=desc",
        "/users?page_size=500&sort_by=last_activity",
        "/departments?page_size=100",
        "/departments?page_size=100&sort_by=member_count",
    ] {
        picture.push(walk(door, token, &path(list), ("data", "next_cursor", "cursor")).await);
    }
    let list = format!("/{INSTANCE}/users?pageSize=1000");
    let names = ("results", "next_page_token", "pageToken");
    picture.push(walk(door, token, &list, names).await);
    for rest in ["", "/users/summary?stale_threshold=1000000000"] {
        picture.push(door.json(&path(rest), token).await.to_string());
    }
    picture
}

/// A whole list, a line an item.
async fn walk(door: &Door, token: &str, list: &str, names: (&str, &str, &str)) -> String {
    let (items, next, parameter) = names;
    let mut lines = String::new();
    let mut from = String::new();
    loop {
        let page = door.json(&format!("{list}{from}"), token).await;
        for item in page[items].as_array().unwrap() {
            lines += &item.to_string();
            lines.push('\n');
        }
        match page.get(next) {
            Some(Value::String(cursor)) => from = format!("&{parameter}={cursor}"),
            _ => return lines,
        }
    }
}

/// One of those who write at the same time.
struct Writer {
    doors: Vec<Door>,
    token: String,
    dice: Dice,
    /// Whom it has seen.
    users: Vec<String>,
    departments: Vec<String>,
}

impl Writer {
    /// Writes, and says how often it was refused.
    async fn write(mut self, count: usize) -> usize {
        let mut refused = 0;
        for _ in 0..count {
            let (method, rest, body) = self.any();
            let door = self.doors[self.dice.below(self.doors.len())].clone();
            let answer = door
                .ask(method, &path(&rest), &self.token, body.as_ref())
                .await;
            match answer.status {
                200..300 if rest == "/users" => self.users.push(answer.id()),
                200..300 if rest == "/departments" => self.departments.push(answer.id()),
                200..300 => {}
                // Somebody else was first: a key is taken, a record is gone.
                400 | 404 | 409 => refused += 1,
                _ => panic!("{rest}: {answer:?}"),
            }
        }
        refused
    }

    /// Any write. Creating the key of somebody who was deleted brings them back under another name.
    fn any(&mut self) -> (Method, String, Option<Value>) {
        let number = self.dice.below(1_000_000);
        let key = self.dice.below(KEYS);
        let (user, department) = (self.user(), self.department());
        let kind = self.dice.below(20);
        match (kind, user, department) {
            (0..4, ..) | (_, None, _) => {
                let body =
                    json!({ "username": format!("Name {number}"), "user_key": format!("k{key}") });
                (Method::POST, "/users".to_owned(), Some(body))
            }
            (4, ..) | (_, _, None) => {
                let body = json!({ "name": format!("Department {}", key % 20) });
                (Method::POST, "/departments".to_owned(), Some(body))
            }
            (5..9, Some(user), _) => {
                let body = json!({ "employment_info": { "role": format!("Role {number}") } });
                (Method::PATCH, format!("/users/{user}/profile"), Some(body))
            }
            (9..12, Some(user), Some(department)) => {
                let body = json!({ "departments": [department] });
                (Method::PATCH, format!("/users/{user}"), Some(body))
            }
            (12, Some(user), _) => (Method::DELETE, format!("/users/{user}"), None),
            (13, Some(user), _) => (Method::POST, format!("/users/{user}/restore"), None),
            (14, _, Some(department)) => {
                let body = json!({ "name": format!("Renamed {}", number % 20) });
                (
                    Method::PATCH,
                    format!("/departments/{department}"),
                    Some(body),
                )
            }
            (15, _, Some(department)) if number.is_multiple_of(4) => {
                (Method::DELETE, format!("/departments/{department}"), None)
            }
            (15, Some(user), Some(department)) => {
                let end = if number.is_multiple_of(2) {
                    ""
                } else {
                    "/remove"
                };
                let rest = format!("/departments/{department}/members{end}");
                (Method::POST, rest, Some(json!({ "user_ids": [user] })))
            }
            _ => {
                let at = format!("2026-0{}-{:02}T00:00:00Z", 1 + number % 9, 1 + number % 28);
                let channel = if number.is_multiple_of(2) {
                    "web"
                } else {
                    "desktop"
                };
                let report = json!({ "user_key": format!("k{key}"), "channel": channel, "at": at });
                let body = json!({ "reports": [report] });
                (Method::POST, "/activity".to_owned(), Some(body))
            }
        }
    }

    fn user(&mut self) -> Option<String> {
        let count = self.users.len();
        (count > 0).then(|| self.users[self.dice.below(count)].clone())
    }

    fn department(&mut self) -> Option<String> {
        let count = self.departments.len();
        (count > 0).then(|| self.departments[self.dice.below(count)].clone())
    }
}
