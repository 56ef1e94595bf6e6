//! Who provisioned a client lately, and how that went: the log's requests of a day, put together by
//! whose they were.

use std::collections::BTreeMap;

use crate::model::id::{ClientId, TokenId};
use crate::model::scim_log::Summary;
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::scim_log::{KEPT, assert_client};
use crate::store::{self, Tx};

/// How far back runs are looked for.
pub const RUNS_MS: i64 = 24 * 60 * 60 * 1000;

/// What one token or OAuth client asked lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Whose requests they were; `None` for the command line's.
    pub actor: Option<TokenId>,
    /// What that token or OAuth client is called.
    pub name: Option<Box<str>>,
    /// The latest request, and its number in the log.
    pub latest: (i64, Summary),
    /// How many there are in the log.
    pub requests: usize,
    /// How many of them were refused, or answered when nobody waited any more.
    pub failed: usize,
    /// How many changes they made.
    pub changes: i64,
}

/// The runs of the last [`RUNS_MS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// From when on the log has all requests: later than a day ago when more were made than are
    /// kept.
    pub since: Timestamp,
    /// Those who asked, who asked last first.
    pub runs: Vec<Run>,
}

/// Who asked something of the client in the last day. Which statuses mean that a request failed says
/// `is_failure`: it is nothing to know here.
pub async fn runs(app: &App, access: &Access, is_failure: fn(i64) -> bool) -> Result<Runs, Error> {
    let client = access.client();
    let day_ago = app.now().plus_milliseconds(-RUNS_MS);
    let read = move |tx: &mut Tx<'_>| {
        assert_client(tx, client)?;
        let newest = store::scim_log::latest(tx, client, KEPT as i64)?;
        let mut runs = in_groups(newest, day_ago, is_failure);
        name(tx, client, &mut runs.runs)?;
        Ok::<_, Error>(runs)
    };
    app.store.read(read).await
}

/// Puts requests together, the newest of which come first.
fn in_groups(newest: Vec<(i64, Summary)>, day_ago: Timestamp, is_failure: fn(i64) -> bool) -> Runs {
    let oldest = newest.last().map(|(_, oldest)| oldest.at);
    let since = oldest.filter(|_| newest.len() >= KEPT);
    let mut of_actors: BTreeMap<Option<TokenId>, Run> = BTreeMap::new();
    for (number, summary) in newest.into_iter().filter(|(_, one)| one.at >= day_ago) {
        let failed = summary.status.is_none_or(is_failure);
        let changes = summary.changes.count();
        let run = of_actors.entry(summary.actor).or_insert_with(|| Run {
            actor: summary.actor,
            name: None,
            latest: (number, summary),
            requests: 0,
            failed: 0,
            changes: 0,
        });
        run.requests += 1;
        run.failed += usize::from(failed);
        run.changes += changes;
    }
    let mut runs: Vec<Run> = of_actors.into_values().collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.latest.0));
    Runs {
        since: since.map_or(day_ago, |since| since.max(day_ago)),
        runs,
    }
}

fn name(tx: &mut Tx<'_>, client: ClientId, runs: &mut [Run]) -> Result<(), Error> {
    let actors: Vec<TokenId> = runs.iter().filter_map(|run| run.actor).collect();
    let mut names = store::tokens::names_of_bearers(tx, client, &actors)?;
    for run in runs {
        run.name = run.actor.and_then(|actor| names.remove(&actor));
    }
    Ok(())
}
