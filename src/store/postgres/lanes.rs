//! One lane for each client: its writes come one after the other anyway, since each begins by
//! locking the client. In a lane they wait without a connection each, and share commits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::model::id::ClientId;
use crate::store::error::Error;
use crate::store::postgres::transaction::{End, Isolation, Outcome, Work, transact};

/// Writes that share one commit at most: a bound on what a failure makes others repeat.
const BATCH_MAX: usize = 64;
/// Writes of one client that wait; one more is told that the database is busy.
const WAITING_MAX: usize = 1_024;

struct Waiting {
    work: Work,
    sender: oneshot::Sender<Result<Outcome, Error>>,
    since: Instant,
}

/// The lanes in which somebody writes or waits.
#[derive(Clone)]
pub(super) struct Lanes {
    waiting: Arc<Mutex<HashMap<ClientId, Vec<Waiting>>>>,
    /// Who has waited for longer when it would be their turn is told that the database is busy.
    patience: Duration,
}

impl Lanes {
    /// Lanes in which nobody waits for longer than `patience`, and the end of what is being done.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            waiting: Arc::default(),
            patience,
        }
    }

    /// Does `work` after what the client's lane holds already.
    pub(super) async fn write(
        &self,
        pool: &Pool,
        client: ClientId,
        work: Work,
    ) -> Result<Outcome, Error> {
        let (sender, receiver) = oneshot::channel();
        let is_first = {
            let mut lanes = self.waiting.lock();
            let is_first = !lanes.contains_key(&client);
            let lane = lanes.entry(client).or_default();
            if lane.len() >= WAITING_MAX {
                return Err(Error::Busy("too many writes are waiting".to_owned()));
            }
            let since = Instant::now();
            lane.push(Waiting {
                work,
                sender,
                since,
            });
            is_first
        };
        if is_first {
            // On a task of its own: its caller may go, the others still wait.
            tokio::spawn(self.clone().drain(pool.clone(), client));
        }
        let ended = |_| Err(Error::Failed("the client's lane has ended".to_owned()));
        receiver.await.unwrap_or_else(ended)
    }

    /// Writes until the lane is empty.
    async fn drain(self, pool: Pool, client: ClientId) {
        while let Some(batch) = self.next(client) {
            let (works, senders): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .map(|waiting| (waiting.work, waiting.sender))
                .unzip();
            let transacted = transact(pool.clone(), Isolation::Latest, works).await;
            for (sender, outcome) in senders.into_iter().zip(transacted.outcomes) {
                // Who has gone is not told.
                drop(sender.send(outcome));
            }
            if transacted.end == End::InVain {
                self.refuse_all(client);
            }
        }
    }

    /// Tells those who wait that it is of no use: they have waited for the same already, and would
    /// each wait as long once more.
    fn refuse_all(&self, client: ClientId) {
        let waiting = self.waiting.lock().get_mut(&client).map(std::mem::take);
        refuse(
            waiting.unwrap_or_default(),
            "the client's writes could not begin",
        );
    }

    /// The next to write together; closes the lane when there are none.
    fn next(&self, client: ClientId) -> Option<Vec<Waiting>> {
        let mut lanes = self.waiting.lock();
        let lane = lanes.get_mut(&client)?;
        // They came one after the other: those in front have waited longest.
        let late = lane.partition_point(|waiting| waiting.since.elapsed() > self.patience);
        refuse(lane.drain(..late), "the client's writes take too long");
        if lane.is_empty() {
            lanes.remove(&client);
            return None;
        }
        let count = lane.len().min(BATCH_MAX);
        Some(lane.drain(..count).collect())
    }
}

fn refuse(waiting: impl IntoIterator<Item = Waiting>, reason: &str) {
    for waiting in waiting {
        drop(waiting.sender.send(Err(Error::Busy(reason.to_owned()))));
    }
}
