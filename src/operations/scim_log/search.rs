//! Looking through the log a page at a time, the newest first. All that is kept is looked at: it is
//! never more than [`KEPT`] requests.

use crate::model::id::{ClientId, TokenId};
use crate::model::scim_log::Summary;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::scim_log::{KEPT, assert_client};
use crate::store::{self, Tx};

/// A request of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub number: i64,
    /// Its line.
    pub summary: Summary,
    /// What the token or the OAuth client is called that was used, if it was given a name.
    pub name: Option<Box<str>>,
}

/// Part of the log, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The requests of this page.
    pub found: Vec<Found>,
    /// How many are as asked, over all pages.
    pub matching: usize,
    /// How many there are in the log.
    pub kept: usize,
    /// The number before which the next page goes on.
    pub next: Option<i64>,
}

/// Up to `size` of the client's requests that are `wanted`, before number `before` or from the newest
/// on.
pub async fn search(
    app: &App,
    access: &Access,
    wanted: impl Fn(&Summary) -> bool + Send + Sync + 'static,
    before: Option<i64>,
    size: usize,
) -> Result<Page, Error> {
    let client = access.client();
    let read = move |tx: &mut Tx<'_>| {
        assert_client(tx, client)?;
        let newest = store::scim_log::latest(tx, client, KEPT as i64)?;
        let kept = newest.len();
        let matching: Vec<(i64, Summary)> = newest
            .into_iter()
            .filter(|(_, summary)| wanted(summary))
            .collect();
        let count = matching.len();
        let mut rest = matching
            .into_iter()
            .filter(|(number, _)| before.is_none_or(|before| *number < before));
        let page: Vec<(i64, Summary)> = rest.by_ref().take(size).collect();
        let next = rest.next().and(page.last().map(|(number, _)| *number));
        Ok::<_, Error>(Page {
            found: named(tx, client, page)?,
            matching: count,
            kept,
            next,
        })
    };
    app.store.read(read).await
}

fn named(
    tx: &mut Tx<'_>,
    client: ClientId,
    page: Vec<(i64, Summary)>,
) -> Result<Vec<Found>, Error> {
    let mut actors: Vec<TokenId> = page.iter().filter_map(|(_, one)| one.actor).collect();
    actors.sort_unstable();
    actors.dedup();
    let names = store::tokens::names_of_bearers(tx, client, &actors)?;
    let found = page.into_iter().map(|(number, summary)| Found {
        number,
        name: summary.actor.and_then(|actor| names.get(&actor).cloned()),
        summary,
    });
    Ok(found.collect())
}
