//! Two servers that differ in nothing but their database are asked the same: random questions, some
//! of them wrong, to two nodes each that look for each other's writes, keep house and start anew
//! now and then, while time passes.
//!
//! Status, headers and body must be the same, byte for byte: all headers, since none of ours tells
//! of the database. In the end the databases hold the same rows. Not asked is `/metrics`, which
//! tells how much memory images take; that depends on the order in which they grew.
//!
//! A failure names its seed. `ROLLCALL_TWINS_SEED` and `ROLLCALL_TWINS_STEPS` run one other sequence.

mod known;
mod maker;
mod questions;
mod steps;
#[path = "../../support/mod.rs"]
#[allow(dead_code, unused_macros, reason = "only its dice are wanted")]
mod support;
mod texts;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::env;
use std::fmt::Write;

use rollcall::http::rate_limits::ResetForm;
use rollcall::model::scope::Scope;
use rollcall::model::token::ClientSet;
use rollcall::operations::freshness::STALE_MAX;
use rollcall::operations::{housekeeping, nodes};
use rollcall::store::{Error, copy};

use self::known::Known;
use self::maker::{Maker, Question};
use self::steps::{STEPS, Step};
use self::support::Dice;
use crate::support::{Answer, Backend, Caller, EVERY_SCOPE, World};

/// Sequences in every run, and how long each is.
const SEEDS: [u64; 3] = [1, 2, 3];
const LENGTH: usize = 900;

/// Nodes of each server.
const NODES: usize = 2;
/// Who asks: everybody's admin, one client's own, one who may only read and seldom, a stranger.
const CALLERS: usize = 4;

/// How many steps before the failing one are shown.
const SHOWN: usize = 40;

/// One of the two.
struct Twin {
    nodes: Vec<World>,
    secrets: [String; CALLERS],
    clients: Vec<String>,
}

impl Twin {
    async fn new(backend: Backend) -> Self {
        let world = World::on(backend, ResetForm::default()).await;
        let (one, other) = (world.client("Acme").await, world.client("Other").await);
        world.instance("acme", one).await;
        let all = world.token_with(
            ClientSet::All,
            &Scope::ALL,
            "gateway-list=6000 gateway-get=6000",
            None,
        );
        let own = world.token(ClientSet::One(one), &EVERY_SCOPE);
        let reads = [Scope::UsersRead, Scope::GatewayRead];
        let reader = world.token_with(ClientSet::One(one), &reads, "api=1 gateway-list=1", None);
        let secrets = [all.await.secret, own.await.secret, reader.await.secret];
        let [all, own, reader] = secrets.map(|secret| secret.to_string());
        let second = world.another_server().await;
        Self {
            nodes: vec![world, second],
            secrets: [all, own, reader, "nobody's".to_owned()],
            clients: [one, other].iter().map(ToString::to_string).collect(),
        }
    }

    async fn ask(&self, question: &Question) -> Answer {
        let world = &self.nodes[question.node];
        let bearer = world.bearer(&self.secrets[question.caller]);
        let mut asking = bearer.ask(question.method, &question.path);
        for (name, value) in &question.headers {
            asking = asking.header(name, value);
        }
        if let Some(body) = &question.body {
            asking = asking.body(body.clone());
        }
        asking.send().await
    }

    /// Does what is no question, and says what came of it.
    async fn take(&mut self, step: &Step) -> String {
        match step {
            Step::Ask(_) => panic!("questions are asked"),
            Step::Pass(time) => {
                // The nodes have one clock.
                self.nodes[0].clock().advance(*time);
                String::new()
            }
            Step::Look => {
                for node in &self.nodes {
                    assert!(node.poll().await);
                }
                String::new()
            }
            Step::KeepHouse(node) => {
                let app = self.nodes[*node].app();
                nodes::beat(app).await.unwrap();
                housekeeping::fold(app).await.unwrap();
                housekeeping::purge(app).await.unwrap();
                format!(
                    "{:?}, {}",
                    app.nodes().housekeeping_fence(),
                    app.nodes().alive()
                )
            }
            Step::Away(question) => {
                let node = &self.nodes[question.node];
                node.hide_database(true).await;
                assert!(!node.poll().await);
                node.clock().advance(STALE_MAX);
                let answer = self.ask(question).await.must_be(503);
                node.hide_database(false).await;
                assert!(node.poll().await);
                whole(&answer)
            }
            Step::Restart(node) => {
                self.nodes[*node] = self.nodes[*node].another_server().await;
                String::new()
            }
        }
    }

    /// A digest of each table.
    async fn tables(&self) -> Vec<(&'static str, copy::Sum)> {
        let digests = self.nodes[0].write_beside(|tx| {
            let digest = |table: &'static copy::Table| {
                let sum = copy::read(tx, table, |_| Ok::<(), Error>(()))?;
                Ok((table.name, sum))
            };
            copy::TABLES
                .iter()
                .map(digest)
                .collect::<Result<Vec<_>, Error>>()
        });
        digests.await
    }
}

/// What was done so far, for who reads a failure.
struct Diary {
    seed: u64,
    count: usize,
    last: VecDeque<String>,
}

impl Diary {
    fn write(&mut self, entry: &str) {
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last.push_back(format!("{}: {entry}", self.count));
        self.count += 1;
    }

    fn assert_same<T: PartialEq + std::fmt::Display>(&self, sqlite: &T, postgres: &T) {
        if sqlite == postgres {
            return;
        }
        let mut text = format!("they differ at seed {}, after:\n", self.seed);
        for entry in &self.last {
            writeln!(text, "  {entry}").unwrap();
        }
        panic!("{text}SQLite:\n{sqlite}\nPostgreSQL:\n{postgres}");
    }
}

/// All of an answer, its headers in the order in which they are sent.
fn whole(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        writeln!(text, "{name}: {value}").unwrap();
    }
    // What is no UTF-8 would be shown alike.
    match std::str::from_utf8(&answer.body) {
        Ok(body) => text.push_str(body),
        Err(_) => write!(text, "{:?}", answer.body).unwrap(),
    }
    text
}

fn shown(question: &Question) -> String {
    let Question {
        method,
        path,
        headers,
        body,
        caller,
        node,
    } = question;
    let body = body
        .as_deref()
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    format!("{method} {path} {headers:?} {body:.400} (caller {caller}, node {node})")
}

/// What the questions came to: of each kind, and by status.
#[derive(Default)]
struct Tally {
    succeeded: BTreeMap<&'static str, usize>,
    statuses: BTreeSet<u16>,
}

impl Tally {
    /// A sequence in which little succeeds compares little.
    fn assert_all_was_met(&self) {
        for (name, weight, _) in STEPS {
            let count = self.succeeded.get(name).copied().unwrap_or_default();
            assert!(
                count > 0,
                "no {name} of {weight} succeeded: {:?}",
                self.succeeded
            );
        }
        for status in [
            200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 412, 415, 429,
        ] {
            assert!(
                self.statuses.contains(&status),
                "no {status}: {:?}",
                self.statuses
            );
        }
    }
}

/// Does one random sequence to both.
async fn run(seed: u64, length: usize, tally: &mut Tally) {
    let (mut sqlite, mut postgres) =
        tokio::join!(Twin::new(Backend::Sqlite), Twin::new(Backend::Postgres));
    assert_eq!(sqlite.clients, postgres.clients);
    assert_eq!(sqlite.secrets, postgres.secrets);
    let dice = Dice::new(seed);
    let mut known = Known::of(sqlite.clients.clone());
    let mut diary = Diary {
        seed,
        count: 0,
        last: VecDeque::new(),
    };
    for _ in 0..length {
        let (name, step) = Maker {
            dice: &dice,
            known: &known,
        }
        .step();
        let Step::Ask(question) = &step else {
            diary.write(&format!("{step:?}"));
            let (one, other) = tokio::join!(sqlite.take(&step), postgres.take(&step));
            diary.assert_same(&one, &other);
            *tally.succeeded.entry(name).or_default() += 1;
            continue;
        };
        diary.write(&shown(question));
        let (one, other) = tokio::join!(sqlite.ask(question), postgres.ask(question));
        diary.assert_same(&whole(&one), &whole(&other));
        known.learn(question, &one);
        tally.statuses.insert(one.status);
        if one.status < 400 {
            *tally.succeeded.entry(name).or_default() += 1;
        }
    }
    let (one, other) = tokio::join!(sqlite.tables(), postgres.tables());
    assert_eq!(one, other, "the tables of seed {seed}");
}

#[tokio::test]
async fn both_databases_give_the_same_answers() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse().unwrap());
    let length =
        number("ROLLCALL_TWINS_STEPS").map_or(LENGTH, |length| usize::try_from(length).unwrap());
    let mut tally = Tally::default();
    if let Some(seed) = number("ROLLCALL_TWINS_SEED") {
        return run(seed, length, &mut tally).await;
    }
    assert!(SEEDS.len() * LENGTH >= 2_000);
    for seed in SEEDS {
        run(seed, length, &mut tally).await;
    }
    tally.assert_all_was_met();
}
