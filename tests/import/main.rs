//! Import and export through the operations, on a database of their own for each test.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

#[path = "../support/mod.rs"]
#[macro_use]
#[allow(
    dead_code,
    reason = "a clock that ticks and chance that counts are our own"
)]
mod support;

mod batches;
mod csv;
mod export;
mod jobs;
mod jsonl;
mod pins;
mod uploads;

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use rollcall::model::change::Source;
use rollcall::model::client::NewClient;
use rollcall::model::environment::{Clock, Entropy};
use rollcall::model::timestamp::Timestamp;
use rollcall::operations::app::App;
use rollcall::operations::caller::{Access, AdminAccess};
use rollcall::operations::clients;
use rollcall::operations::error::Error;
use rollcall::operations::export::export;
use rollcall::operations::import::{BadRow, Format, Totals, import};
use rollcall::operations::write::Done;
use rollcall::store::Store;

use support::databases::{Backend, Empty};

/// A clock that ticks a millisecond with each question; its other kind of time stands still until it
/// is moved.
struct TestClock {
    of_day: AtomicI64,
    monotonic_s: AtomicU64,
}

impl TestClock {
    fn advance(&self, seconds: u64) {
        self.monotonic_s.fetch_add(seconds, Ordering::Relaxed);
        let milliseconds = i64::try_from(seconds * 1_000).unwrap();
        self.of_day.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.of_day.fetch_add(1, Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic_s.load(Ordering::Relaxed))
    }
}

/// Chance that is the same in each run, and never the same twice.
struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            chunk.copy_from_slice(&number[8 - chunk.len()..]);
        }
    }
}

/// What an import said.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    totals: Totals,
    bad: Vec<BadRow>,
}

impl Told {
    /// Created, changed, unchanged, bad.
    fn counts(&self) -> (u64, u64, u64, u64) {
        let totals = self.totals;
        assert_eq!(totals.bad, self.bad.len() as u64);
        (totals.created, totals.changed, totals.unchanged, totals.bad)
    }

    /// Each bad row as `line column: reason`.
    fn complaints(&self) -> Vec<String> {
        let bad = self.bad.iter();
        bad.map(|bad| {
            let column = bad.column.as_deref().unwrap_or("-");
            format!("{} {column}: {}", bad.line, bad.reason)
        })
        .collect()
    }
}

/// A database with one client.
struct Place {
    app: Arc<App>,
    clock: Arc<TestClock>,
    access: Access,
    database: Empty,
}

impl Place {
    async fn new(on: Backend) -> Self {
        let database = Empty::of(on);
        let store = Store::open(&database.location).await.unwrap();
        let start = Timestamp::parse("2026-03-01T00:00:00Z").unwrap();
        let clock = Arc::new(TestClock {
            of_day: AtomicI64::new(start.milliseconds()),
            monotonic_s: AtomicU64::new(0),
        });
        let entropy = Arc::new(TestEntropy(AtomicU64::new(1)));
        let as_clock = Arc::<TestClock>::clone(&clock);
        let app = App::new(store, 1 << 30, as_clock, entropy).await;
        let app = Arc::new(app.unwrap());
        let new = NewClient {
            id: None,
            name: "Acme".into(),
            partner: None,
            enrollment_token: None,
        };
        let created = clients::create(&app, &AdminAccess::of_command_line(), new, None).await;
        let Ok(Done::Now(client)) = created else {
            panic!("the client was not created");
        };
        let access = Access::of_command_line(client.id, Source::Import);
        Self {
            app,
            clock,
            access,
            database,
        }
    }

    async fn take(
        &self,
        file: impl Read + Send + 'static,
        format: Format,
        dry_run: bool,
    ) -> Result<Told, Error> {
        let mut bad = Vec::new();
        let report = |progress: rollcall::operations::import::Progress| bad.extend(progress.bad);
        let totals = import(&self.app, &self.access, file, format, dry_run, report).await?;
        Ok(Told { totals, bad })
    }

    async fn csv(&self, text: &str) -> Told {
        let file = Cursor::new(text.to_owned());
        self.take(file, Format::Csv, false).await.unwrap()
    }

    async fn jsonl(&self, text: &str) -> Told {
        let file = Cursor::new(text.to_owned());
        self.take(file, Format::Jsonl, false).await.unwrap()
    }

    /// A dry run, which must say what the run in earnest after it says, and change nothing.
    async fn rehearsed(&self, text: &str, format: Format) -> Told {
        let before = self.export().await;
        let file = || Cursor::new(text.to_owned());
        let rehearsed = self.take(file(), format, true).await.unwrap();
        assert_eq!(self.export().await, before, "a dry run changed something");
        let told = self.take(file(), format, false).await.unwrap();
        assert_eq!(rehearsed.totals, told.totals);
        let lines = |told: &Told| told.bad.iter().map(|bad| bad.line).collect::<Vec<_>>();
        assert_eq!(lines(&rehearsed), lines(&told));
        told
    }

    async fn export(&self) -> String {
        let mut text = String::new();
        let write = |line: &str| {
            text.push_str(line);
            text.push('\n');
            Ok(())
        };
        export(&self.app, &self.access, write).await.unwrap();
        text
    }

    /// The database, opened once more.
    async fn store(&self) -> Store {
        Store::open(&self.database.location).await.unwrap()
    }

    /// The exported user of that key.
    async fn user(&self, user_key: &str) -> serde_json::Value {
        let text = self.export().await;
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .into_iter()
            .find(|line: &serde_json::Value| line["user_key"] == user_key)
            .unwrap_or_else(|| panic!("there is no user {user_key}"))
    }
}
