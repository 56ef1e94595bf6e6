//! What a deactivation of stale people did, by the numbers of its changes, and taking it back.

use crate::model::change::{Actor, Entity};
use crate::model::field::Field;
use crate::model::id::{ClientId, UserId};
use crate::model::invalid::Invalid;
use crate::model::user::State;
use crate::model::user_difference::UserDifference;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::stale::IN_A_TRANSACTION_MAX;
use crate::operations::undo::take_back;
use crate::operations::users::live;
use crate::operations::write::{Write, write};
use crate::store::changes::Entry;
use crate::store::{self, Tx};

/// Changes among which those of one deactivation are looked for. Others may write between its
/// transactions.
const SPAN_MAX: i64 = 20_000;
/// Changes that are read at a time.
const PAGE_SIZE: i64 = 1_000;

/// The changes of a deactivation: the numbers of the first and of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    first: i64,
    last: i64,
}

/// Somebody who was deactivated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub username: Box<str>,
    /// Whether they are still inactive.
    pub is_inactive: bool,
}

impl Span {
    /// The changes from number `first` to `last`.
    pub fn of(first: i64, last: i64) -> Result<Self, Invalid> {
        let is_fine = first > 0 && last >= first && last - first < SPAN_MAX;
        let refused = || Invalid::new("first", "first and last are not those of a deactivation");
        is_fine.then_some(Self { first, last }).ok_or_else(refused)
    }

    /// The same span, up to that change.
    pub(super) fn up_to(found: Option<Self>, number: i64) -> Self {
        let first = found.map_or(number, |span| span.first);
        Self {
            first,
            last: number,
        }
    }

    /// The number of the first change.
    pub fn first(self) -> i64 {
        self.first
    }

    /// The number of the last change.
    pub fn last(self) -> i64 {
        self.last
    }
}

/// Whom the caller deactivated by the changes of that span, in the order in which it was done.
pub async fn done(app: &App, access: &Access, span: Span) -> Result<Vec<Done>, Error> {
    let (client, actor) = (access.client(), access.actor());
    let read = move |tx: &mut Tx<'_>| deactivations(tx, client, actor, span);
    let found = app.store.read(read).await?;
    let live = live(app, access).await?;
    let image = live.read();
    let shown = found.into_iter().filter_map(|(user, _)| {
        let view = image.user_or_deleted(user)?;
        Some(Done {
            user,
            username: view.username.into(),
            is_inactive: view.state == State::Inactive && view.deleted_at.is_none(),
        })
    });
    Ok(shown.collect())
}

/// Takes back what the caller did by the changes of that span, each of them as
/// [`crate::operations::undo::undo`] does, and says how many that were. Whose state was changed since
/// stays as they are.
pub async fn reactivate(app: &App, access: &Access, span: Span) -> Result<usize, Error> {
    let (client, actor) = (access.client(), access.actor());
    let read = move |tx: &mut Tx<'_>| deactivations(tx, client, actor, span);
    let found = app.store.read(read).await?;
    let mut count = 0;
    for some in found.chunks(IN_A_TRANSACTION_MAX) {
        let some = some.to_vec();
        let work = move |write: &mut Write<'_, '_>| reactivate_some(write, &some);
        count += write(app, access, work).await?;
    }
    Ok(count)
}

fn reactivate_some(
    write: &mut Write<'_, '_>,
    deactivations: &[(UserId, i64)],
) -> Result<usize, Error> {
    let mut count = 0;
    for (user, number) in deactivations {
        match take_back(write, *user, *number) {
            Ok(_) => count += 1,
            // What is refused has written nothing; the others have nothing to do with it.
            Err(Error::Conflict(_) | Error::NotFound(..)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Who was deactivated by that actor, and by which change.
fn deactivations(
    tx: &mut Tx<'_>,
    client: ClientId,
    actor: Actor,
    span: Span,
) -> Result<Vec<(UserId, i64)>, Error> {
    let mut found = Vec::new();
    let mut before = span.first - 1;
    while before < span.last {
        let count = PAGE_SIZE.min(span.last - before);
        let page = store::changes::page(tx, client, before, count)?;
        let Some(latest) = page.last().map(|entry| entry.number) else {
            break;
        };
        let theirs = page
            .iter()
            .filter(|entry| entry.number <= span.last && is_theirs(entry, actor));
        found.extend(theirs.filter_map(|entry| {
            let user = UserId::parse(&entry.entity_id)?;
            Some((user, entry.number))
        }));
        before = latest;
    }
    Ok(found)
}

/// Whether that actor made somebody inactive by the change, and nothing else.
fn is_theirs(entry: &Entry, actor: Actor) -> bool {
    let by = actor.token.as_ref().map(|token| token.as_str());
    let is_by_them = entry.actor.as_deref() == by && entry.source == actor.source.name();
    is_by_them && entry.entity == Entity::User.name() && is_deactivation(&entry.detail)
}

fn is_deactivation(detail: &str) -> bool {
    let Some(difference) = UserDifference::parse(detail) else {
        return false;
    };
    let is = |value: &Option<Box<str>>, state: State| value.as_deref() == Some(state.name());
    match &difference.fields[..] {
        [(Field::State, changed)] => {
            is(&changed.from, State::Active) && is(&changed.to, State::Inactive)
        }
        _ => false,
    }
}
