//! A steady load of reads and writes through all nodes, which remembers what was acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::Method;
use rollcall::model::timestamp::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::ANSWER_MAX;
use super::node::{Answer, Door};
use super::stage::{INSTANCE, Stage, path};

/// Reads a second.
const READS: u64 = 50;
/// People who are patched again and again, and as many who are seen again and again.
const PEOPLE: usize = 40;
/// The moment that the first report tells of; each later one tells of a later second.
const BEGINNING_MS: i64 = 1_767_225_600_000;

/// The load, and what became of it.
pub struct Load {
    token: String,
    doors: Mutex<Vec<(String, Door)>>,
    patched: Vec<Arc<tokio::sync::Mutex<Patched>>>,
    reported: Vec<Reported>,
    posted: Mutex<Vec<String>>,
    events: Mutex<Vec<Event>>,
    turn: AtomicUsize,
    number: AtomicU64,
    has_ended: AtomicBool,
}

/// Somebody who is patched, by one request at a time.
pub struct Patched {
    pub id: String,
    /// The number that the latest request set.
    pub sent: u64,
    /// The latest one that was acknowledged.
    pub acknowledged: u64,
}

/// Somebody who is seen.
pub struct Reported {
    pub id: String,
    key: String,
    acknowledged_ms: AtomicU64,
}

/// What became of one request.
#[derive(Debug)]
pub struct Event {
    pub node: String,
    pub sent: Instant,
    pub ended: Instant,
    pub is_write: bool,
    /// Or why there is no answer.
    pub answer: Result<Answer, String>,
}

impl Event {
    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        let status = self.answer.as_ref().map(|answer| answer.status);
        status.is_ok_and(|status| (200..300).contains(&status))
    }

    /// Whether it was told to come again.
    pub fn is_busy(&self) -> bool {
        self.answer.as_ref().is_ok_and(Answer::is_busy)
    }
}

impl Load {
    /// Makes the people whom the load is about.
    pub async fn prepare(stage: &Stage) -> Arc<Self> {
        let door = &stage.nodes[0].door;
        let mut patched = Vec::new();
        let mut reported = Vec::new();
        for number in 0..PEOPLE {
            let make = async |key: &str| {
                let body = json!({ "username": key, "user_key": key });
                let made = door.post(&path("/users"), &stage.token, &body).await;
                made.must_be(201, "create").id()
            };
            let id = make(&format!("patched{number}")).await;
            patched.push(Arc::new(tokio::sync::Mutex::new(Patched {
                id,
                sent: 0,
                acknowledged: 0,
            })));
            let key = format!("reported{number}");
            reported.push(Reported {
                id: make(&key).await,
                key,
                acknowledged_ms: AtomicU64::new(0),
            });
        }
        let doors = stage.nodes.iter();
        let doors = doors.map(|node| (node.name.clone(), node.door.clone()));
        Arc::new(Self {
            token: stage.token.clone(),
            doors: Mutex::new(doors.collect()),
            patched,
            reported,
            posted: Mutex::default(),
            events: Mutex::default(),
            turn: AtomicUsize::new(0),
            number: AtomicU64::new(0),
            has_ended: AtomicBool::new(false),
        })
    }

    /// Asks that node no more.
    pub fn without(&self, name: &str) {
        self.doors.lock().retain(|(node, _)| node != name);
    }

    /// Asks that node too.
    pub fn with(&self, name: &str, door: &Door) {
        self.doors.lock().push((name.to_owned(), door.clone()));
    }

    /// Lets no more requests be sent.
    pub fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Sends `writes` a second, and reads, until it is ended; then waits for the last answers. No
    /// request waits for another one's answer.
    pub async fn run(self: Arc<Self>, writes: u64) {
        tokio::join!(
            Arc::clone(&self).pace(writes, true),
            Arc::clone(&self).pace(READS, false)
        );
    }

    async fn pace(self: Arc<Self>, per_second: u64, is_write: bool) {
        let mut interval = tokio::time::interval(Duration::from_micros(1_000_000 / per_second));
        interval.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut requests = JoinSet::new();
        while !self.has_ended.load(Ordering::Relaxed) {
            interval.tick().await;
            let load = Arc::clone(&self);
            match is_write {
                true => requests.spawn(load.write()),
                false => requests.spawn(load.read()),
            };
            while requests.try_join_next().is_some() {}
        }
        requests.join_all().await;
    }

    async fn write(self: Arc<Self>) {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let turn = usize::try_from(number).unwrap();
        match turn % 3 {
            0 => {
                // Whose answer is awaited is not patched again meanwhile.
                let free = (0..PEOPLE).map(|add| &self.patched[(turn / 3 + add) % PEOPLE]);
                let free = free.map(Arc::clone);
                let mut free = free.filter_map(|one| one.try_lock_owned().ok());
                match free.next() {
                    Some(patched) => self.patch(patched).await,
                    None => self.post(number).await,
                }
            }
            1 => self.report(number, &self.reported[turn / 3 % PEOPLE]).await,
            _ => self.post(number).await,
        }
    }

    async fn patch(&self, mut patched: tokio::sync::OwnedMutexGuard<Patched>) {
        patched.sent += 1;
        let body = json!({ "employment_info": { "role": patched.sent.to_string() } });
        let path = path(&format!("/users/{}/profile", patched.id));
        if self.ask(Method::PATCH, &path, Some(&body)).await.is_some() {
            patched.acknowledged = patched.sent;
        }
    }

    async fn post(&self, number: u64) {
        let key = format!("posted{number}");
        let body = json!({ "username": key, "user_key": key });
        if let Some(body) = self.ask(Method::POST, &path("/users"), Some(&body)).await {
            let id = body["id"].as_str().unwrap().to_owned();
            self.posted.lock().push(id);
        }
    }

    async fn report(&self, number: u64, reported: &Reported) {
        let at_ms = BEGINNING_MS + i64::try_from(number).unwrap() * 1_000;
        let at = Timestamp::from_milliseconds(at_ms).to_string();
        let report = json!({ "user_key": reported.key, "channel": "web", "at": at });
        let body = json!({ "reports": [report] });
        if let Some(receipt) = self
            .ask(Method::POST, &path("/activity"), Some(&body))
            .await
        {
            assert_eq!(receipt["accepted"], 1, "{receipt}");
            let at_ms = u64::try_from(at_ms).unwrap();
            reported.acknowledged_ms.fetch_max(at_ms, Ordering::Relaxed);
        }
    }

    async fn read(self: Arc<Self>) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let path = match turn % 3 {
            0 => path(&format!("/users/{}", self.reported[turn % PEOPLE].id)),
            1 => format!("/{INSTANCE}/users/{}", self.reported[turn % PEOPLE].id),
            _ => path("/users?page_size=20&sort_by=created_at"),
        };
        self.ask(Method::GET, &path, None).await;
    }

    /// One request through the node whose turn it is; the body of its answer if it was done.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (node, door) = {
            let doors = self.doors.lock();
            doors[turn % doors.len()].clone()
        };
        let is_write = method != Method::GET;
        let sent = Instant::now();
        let answer = door.try_ask(method, path, &self.token, body, ANSWER_MAX);
        let answer = answer.await.map_err(|error| format!("{error:?}"));
        let event = Event {
            node,
            sent,
            ended: Instant::now(),
            is_write,
            answer,
        };
        let body = match &event.answer {
            Ok(answer) if event.is_done() => Some(answer.json()),
            _ => None,
        };
        self.events.lock().push(event);
        body
    }

    /// What became of all requests so far. They are told once.
    pub fn events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock())
    }

    /// The ids of those whose creation was acknowledged.
    pub fn created(&self) -> Vec<String> {
        let mut created = self.posted.lock().clone();
        created.extend(self.reported.iter().map(|reported| reported.id.clone()));
        created
    }

    /// The patched, each with the least and the most that their role may be now.
    pub async fn roles(&self) -> HashMap<String, (u64, u64)> {
        let mut roles = HashMap::new();
        for patched in &self.patched {
            let patched = patched.lock().await;
            roles.insert(patched.id.clone(), (patched.acknowledged, patched.sent));
        }
        roles
    }

    /// The reported, each with the earliest moment that they may have been seen last.
    pub fn seen(&self) -> HashMap<String, i64> {
        let seen = self.reported.iter().map(|reported| {
            let at = reported.acknowledged_ms.load(Ordering::Relaxed);
            (reported.id.clone(), i64::try_from(at).unwrap())
        });
        seen.collect()
    }
}
