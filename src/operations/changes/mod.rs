//! The log of a client's changes, for people: who changed what, when, through which door, and what it
//! was before. It is read from the database and not from the image, which does not have it.
//!
//! A question looks at so many changes at most, found or not, and says where to go on: what is seldom
//! in a long log is reached in several pages, some of which may be empty.

mod differences;
mod export;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

pub use differences::{Difference, Shown, label_of};
pub use export::{EXPORTED_MAX, Export, Format};

use crate::model::change::{ChangeQuery, Entity};
use crate::model::id::{ClientId, DepartmentId, Id, TokenId, UserId};
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::store::{self, Tx};
use differences::Detail;

/// Changes that one page may look at.
const LOOKED_AT_MAX: i64 = 20_000;
/// Changes of one record that one page may look at: each is a look-up.
const STEPS_MAX: usize = 1_000;
/// How far moments may be from the order of their numbers, in milliseconds: nodes' clocks disagree.
const DISORDER_MS: i64 = 60 * 60 * 1000;

/// One change, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The client's number of it.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// What was done: `created`, `updated`, `deleted`, `restored`.
    pub action: Box<str>,
    /// The kind of record: `client`, `user`, `department`.
    pub entity: Box<str>,
    /// Which one.
    pub entity_id: Box<str>,
    /// What it is called now, deleted or not; `None` when there is no record of it.
    pub name: Option<Box<str>>,
    /// By whom; `None` for the command line.
    pub actor: Option<Who>,
    /// The door's name.
    pub source: Box<str>,
    /// What differs, field by field.
    pub differences: Vec<Difference>,
    /// The number of the change that this one takes back.
    pub undoes: Option<i64>,
    /// Whether there is something in it that could be taken back. What was changed since is only seen
    /// when that is tried.
    pub is_undoable: bool,
}

/// Whose token it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The token's id, or that of the OAuth client that it was issued to.
    pub id: Box<str>,
    /// What the token, or the OAuth client, is called, if it was given a name.
    pub name: Option<Box<str>>,
}

/// Part of the log, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Those that were found.
    pub changes: Vec<Change>,
    /// The number before which the next page goes on; `None` at the end of the log. Everything from it
    /// on has been looked at.
    pub next: Option<i64>,
}

/// Up to `size` changes that are as asked, before number `before` or from the newest on.
pub async fn list(
    app: &App,
    access: &Access,
    query: &ChangeQuery,
    before: Option<i64>,
    size: usize,
) -> Result<Page, Error> {
    let (client, query) = (access.client(), *query);
    app.store
        .read(move |tx| page(tx, client, &query, before, size))
        .await
}

/// Changes that are at hand, told for people: those of a request, also of one that was only rehearsed.
pub async fn told(
    app: &App,
    access: &Access,
    entries: Vec<store::changes::Entry>,
) -> Result<Vec<Change>, Error> {
    let client = access.client();
    // It may have to be read again.
    let read = move |tx: &mut Tx<'_>| shown(tx, client, entries.clone());
    app.store.read(read).await
}

fn page(
    tx: &mut Tx<'_>,
    client: ClientId,
    query: &ChangeQuery,
    before: Option<i64>,
    size: usize,
) -> Result<Page, Error> {
    let latest = store::clients::change_number(tx, client)?
        .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
    let (entries, next) = match (query.entity, query.entity_id) {
        (Some(entity), Some(id)) => of_record(tx, client, (entity, id), query, before, size)?,
        _ => {
            let before = before.unwrap_or(latest + 1);
            of_all(tx, client, query, before, size)?
        }
    };
    Ok(Page {
        changes: shown(tx, client, entries)?,
        next,
    })
}

/// What was found, and the number before which to go on.
type Found = (Vec<store::changes::Entry>, Option<i64>);

/// Looks through the log backwards.
fn of_all(
    tx: &mut Tx<'_>,
    client: ClientId,
    query: &ChangeQuery,
    before: i64,
    size: usize,
) -> Result<Found, Error> {
    let all = numbers_between(tx, client, query, before)?;
    let start = all.start.max(all.end.saturating_sub(LOOKED_AT_MAX));
    let count = i64::try_from(size).unwrap_or(i64::MAX);
    let entries = store::changes::search(tx, client, start..all.end, query, count)?;
    let next = match entries.last() {
        Some(last) if entries.len() == size => last.number,
        _ => start,
    };
    Ok((entries, (next > all.start).then_some(next)))
}

/// The numbers before `before` among which changes of the moments asked for are.
fn numbers_between(
    tx: &mut Tx<'_>,
    client: ClientId,
    query: &ChangeQuery,
    before: i64,
) -> Result<Range<i64>, Error> {
    let mut numbers = 1..before.max(1);
    if let Some(until) = query.until {
        let late = until.plus_milliseconds(DISORDER_MS);
        numbers.end = first_since(tx, client, late, numbers.clone())?;
    }
    if let Some(from) = query.from {
        let early = from.plus_milliseconds(-DISORDER_MS);
        numbers.start = first_since(tx, client, early, numbers.clone())?;
    }
    Ok(numbers)
}

/// The number from which on changes were made at `moment` or later; the end when none was.
fn first_since(
    tx: &mut Tx<'_>,
    client: ClientId,
    moment: Timestamp,
    mut numbers: Range<i64>,
) -> Result<i64, Error> {
    while numbers.start < numbers.end {
        let middle = numbers.start.midpoint(numbers.end);
        match store::changes::earliest_from(tx, client, middle)? {
            Some((number, at)) if number < numbers.end && at < moment => numbers.start = number + 1,
            _ => numbers.end = middle,
        }
    }
    Ok(numbers.start)
}

/// Follows one record's changes backwards.
fn of_record(
    tx: &mut Tx<'_>,
    client: ClientId,
    (entity, id): (Entity, Id),
    query: &ChangeQuery,
    before: Option<i64>,
    size: usize,
) -> Result<Found, Error> {
    let latest = match before {
        Some(before) => Some(before - 1),
        None => latest_of(tx, client, entity, id)?,
    };
    let Some(latest) = latest else {
        return Ok((Vec::new(), None));
    };
    let of_that_record = ChangeQuery {
        entity: Some(entity),
        entity_id: Some(id),
        ..ChangeQuery::default()
    };
    let steps = if *query == of_that_record {
        size
    } else {
        STEPS_MAX
    };
    let count = i64::try_from(steps).unwrap_or(i64::MAX);
    let steps = store::changes::timeline(tx, client, (entity, id), latest, query, count)?;
    let (mut entries, mut next) = (Vec::new(), None);
    for step in steps {
        next = step.previous;
        entries.extend(step.entry);
        if entries.len() == size {
            break;
        }
    }
    Ok((entries, next.map(|number| number + 1)))
}

/// The number of a record's latest change of its own.
fn latest_of(
    tx: &mut Tx<'_>,
    client: ClientId,
    entity: Entity,
    id: Id,
) -> Result<Option<i64>, Error> {
    Ok(match entity {
        Entity::User => store::users::find(tx, client, UserId(id))?
            .and_then(|user| user.provenance().latest_change()),
        Entity::Department => store::departments::find_or_deleted(tx, client, DepartmentId(id))?
            .map(|department| department.revision),
        Entity::Client => store::clients::find(tx, client)?
            .filter(|client| client.id.0 == id)
            .map(|client| client.revision),
    })
}

/// What ids that changes name are called now.
#[derive(Default)]
struct Names {
    users: HashMap<UserId, Box<str>>,
    departments: HashMap<DepartmentId, Box<str>>,
    actors: HashMap<TokenId, Box<str>>,
    client: Option<Box<str>>,
}

impl Names {
    fn of_record(&self, entity: Option<Entity>, id: &str) -> Option<Box<str>> {
        let name = match entity? {
            Entity::Client => self.client.as_ref(),
            Entity::User => self.users.get(&UserId::parse(id)?),
            Entity::Department => self.departments.get(&DepartmentId::parse(id)?),
        };
        name.cloned()
    }

    /// A department's name; of one that is not known, the id.
    fn of_department(&self, id: DepartmentId) -> Box<str> {
        let name = self.departments.get(&id).cloned();
        name.unwrap_or_else(|| id.as_str().into())
    }
}

fn shown(
    tx: &mut Tx<'_>,
    client: ClientId,
    entries: Vec<store::changes::Entry>,
) -> Result<Vec<Change>, Error> {
    let read: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let detail = Detail::parse(&entry);
            (entry, detail)
        })
        .collect();
    let names = names(tx, client, &read)?;
    let shown = read.into_iter().map(|(entry, detail)| {
        let actor = entry.actor.map(|id| Who {
            name: TokenId::parse(&id).and_then(|id| names.actors.get(&id).cloned()),
            id: id.into(),
        });
        Change {
            number: entry.number,
            at: entry.at,
            name: names.of_record(Entity::parse(&entry.entity), &entry.entity_id),
            action: entry.action.into(),
            entity: entry.entity.into(),
            entity_id: entry.entity_id.into(),
            actor,
            source: entry.source.into(),
            undoes: detail.undoes(),
            is_undoable: detail.is_undoable(),
            differences: detail.into_differences(&names),
        }
    });
    Ok(shown.collect())
}

/// Looks up what all of them name, a question a kind.
fn names(
    tx: &mut Tx<'_>,
    client: ClientId,
    read: &[(store::changes::Entry, Detail)],
) -> Result<Names, Error> {
    let (mut users, mut departments) = (BTreeSet::new(), BTreeSet::new());
    let (mut actors, mut names) = (BTreeSet::new(), Names::default());
    for (entry, detail) in read {
        match Entity::parse(&entry.entity) {
            Some(Entity::User) => users.extend(UserId::parse(&entry.entity_id)),
            Some(Entity::Department) => departments.extend(DepartmentId::parse(&entry.entity_id)),
            Some(Entity::Client) if names.client.is_none() => {
                names.client = store::clients::find(tx, client)?.map(|client| client.name);
            }
            _ => {}
        }
        departments.extend(detail.departments());
        actors.extend(entry.actor.as_deref().and_then(TokenId::parse));
    }
    names.users = store::users::names(tx, client, &users)?;
    names.departments = store::departments::find_many(tx, client, &departments)?
        .into_iter()
        .map(|department| (department.id, department.name))
        .collect();
    let actors: Vec<TokenId> = actors.into_iter().collect();
    names.actors = store::tokens::names_of_bearers(tx, client, &actors)?;
    Ok(names)
}
