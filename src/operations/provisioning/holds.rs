//! What is held of what identity providers asked for (see `breaker`), and a person's word on it.

use std::collections::BTreeMap;

use crate::model::id::{ClientId, TokenId, UserId};
use crate::model::provenance::TracedUser;
use crate::model::provisioning::{Held, Intent};
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::provisioning::breaker::depart;
use crate::operations::user_changes::UserChanges;
use crate::operations::users::{live, write_whole};
use crate::operations::write::{Write, write};
use crate::store::{self, Tx};

/// Users that one transaction is about: other writes wait for it.
const AT_ONCE_MAX: usize = 500;

/// Somebody of whom something is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub username: Box<str>,
    /// What is held.
    pub held: Held,
    /// What the token or OAuth client is called that asked for it, if it has a name.
    pub source: Option<Box<str>>,
}

/// What is held of what one token or OAuth client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Which.
    pub by: TokenId,
    /// What it is called, if it has a name.
    pub name: Option<Box<str>>,
    /// How many it asked to deactivate.
    pub deactivations: usize,
    /// How many it asked to delete.
    pub deletions: usize,
    /// When it asked for the first of them.
    pub first_at: Timestamp,
    /// When it asked for the latest.
    pub last_at: Timestamp,
}

/// Whose holds a word is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Everybody's of whom something is held.
    All,
    /// Everybody's of whom one source asked something, up to that moment: who has looked at a wave says
    /// nothing of what came after it.
    OfSource(TokenId, Timestamp),
    /// These people's. Nobody of whom nothing is held may be among them.
    Named(Vec<UserId>),
}

/// A person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// What was asked for is done.
    Approve,
    /// It is forgotten.
    Reject,
}

/// Up to `count` holds behind the user `after`, by the users' ids.
pub async fn page(
    app: &App,
    access: &Access,
    after: Option<UserId>,
    count: usize,
) -> Result<Vec<Hold>, Error> {
    let client = access.client();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    app.store
        .read(move |tx| {
            store::clients::find(tx, client)?
                .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
            let users = store::users::held_page(tx, client, after, count)?;
            holds_of(tx, client, users)
        })
        .await
}

/// What is held of these people. Of whom nothing is held is left out.
pub async fn of_users(
    app: &App,
    access: &Access,
    mut users: Vec<UserId>,
) -> Result<Vec<Hold>, Error> {
    let client = access.client();
    users.sort_unstable();
    users.dedup();
    let read = move |tx: &mut Tx<'_>| {
        let found = store::users::records_of(tx, client, &users)?;
        holds_of(tx, client, found)
    };
    app.store.read(read).await
}

/// Of how many people something is held. That is known without a look at them.
pub async fn count(app: &App, access: &Access) -> Result<usize, Error> {
    let live = live(app, access).await?;
    let count = live.read().held_count();
    Ok(count)
}

/// What is held, by whoever asked for it, who asked last first.
pub async fn waves(app: &App, access: &Access) -> Result<Vec<Wave>, Error> {
    let client = access.client();
    let read = move |tx: &mut Tx<'_>| {
        let held = store::users::held(tx, client)?;
        let names = names(tx, client, held.iter().map(|held| held.by))?;
        let mut waves: BTreeMap<TokenId, Wave> = BTreeMap::new();
        for Held { intent, at, by } in held {
            let wave = waves.entry(by).or_insert_with(|| Wave {
                by,
                name: names.get(&by).cloned().flatten(),
                deactivations: 0,
                deletions: 0,
                first_at: at,
                last_at: at,
            });
            wave.first_at = wave.first_at.min(at);
            wave.last_at = wave.last_at.max(at);
            match intent {
                Intent::Deactivate => wave.deactivations += 1,
                Intent::Delete => wave.deletions += 1,
            }
        }
        let mut waves: Vec<Wave> = waves.into_values().collect();
        waves.sort_by_key(|wave| std::cmp::Reverse(wave.last_at));
        Ok::<_, Error>(waves)
    };
    app.store.read(read).await
}

/// What is held of those users, with the names of those who asked for it.
fn holds_of(tx: &mut Tx<'_>, client: ClientId, users: Vec<User>) -> Result<Vec<Hold>, Error> {
    let sources = users.iter().filter_map(|user| Some(user.held?.by));
    let names = names(tx, client, sources)?;
    let holds = users.into_iter().filter_map(|user| {
        let held = user.held?;
        Some(Hold {
            user: user.id,
            username: user.username,
            held,
            source: names.get(&held.by).cloned().flatten(),
        })
    });
    Ok(holds.collect())
}

/// What these sources are called, each of which may be named several times.
fn names(
    tx: &mut Tx<'_>,
    client: ClientId,
    sources: impl Iterator<Item = TokenId>,
) -> Result<BTreeMap<TokenId, Option<Box<str>>>, Error> {
    let mut names: BTreeMap<TokenId, Option<Box<str>>> = sources.map(|by| (by, None)).collect();
    let sources: Vec<TokenId> = names.keys().copied().collect();
    let known = store::tokens::names_of_bearers(tx, client, &sources)?;
    names.extend(known.into_iter().map(|(by, name)| (by, Some(name))));
    Ok(names)
}

impl Whom {
    fn is_about(&self, held: Held) -> bool {
        match self {
            Self::OfSource(by, until) => held.by == *by && held.at <= *until,
            Self::All | Self::Named(_) => true,
        }
    }
}

/// Says the word on what is held of those people, and how many it was about.
///
/// Who may change people may say it: it comes to no more than deactivating or deleting them, which they
/// may do to each of them anyway.
pub async fn decide(app: &App, access: &Access, word: Word, whom: Whom) -> Result<usize, Error> {
    if let Whom::Named(mut users) = whom {
        users.sort_unstable();
        users.dedup();
        return write(app, access, move |write| {
            let found = named(write, &users)?;
            settle(write, word, found)
        })
        .await;
    }
    let (mut count, mut after) = (0, None);
    loop {
        let page = page(app, access, after, AT_ONCE_MAX).await?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some(last.user);
        let about = page.iter().filter(|hold| whom.is_about(hold.held));
        let ids: Vec<UserId> = about.map(|hold| hold.user).collect();
        if ids.is_empty() {
            continue;
        }
        let whom = whom.clone();
        count += write(app, access, move |write| {
            // Somebody may have settled it meanwhile, and something else be held by now.
            let mut found = store::users::find_many(write.tx, write.client, &ids)?;
            found.retain(|user| user.held.is_some_and(|held| whom.is_about(held)));
            settle(write, word, found)
        })
        .await?;
    }
}

fn named(write: &mut Write<'_, '_>, ids: &[UserId]) -> Result<Vec<TracedUser>, Error> {
    let found = store::users::find_many(write.tx, write.client, ids)?;
    for id in ids {
        let is_held = |user: &TracedUser| user.id == *id && user.held.is_some();
        if !found.iter().any(is_held) {
            return Err(Error::not_found(Noun::Hold, id.as_str()));
        }
    }
    Ok(found)
}

fn settle(write: &mut Write<'_, '_>, word: Word, users: Vec<TracedUser>) -> Result<usize, Error> {
    let mut changes = UserChanges::default();
    let mut count = 0;
    for old in users {
        let Some(held) = old.held else { continue };
        let mut new = old.to_user();
        new.held = None;
        let mut action = "updated";
        if word == Word::Approve {
            depart(&mut new, held.intent, write.now);
            // Whose wave is right begins to be counted anew.
            store::departures::forget_all(write.tx, write.client, held.by)?;
            if new.deleted_at.is_some() {
                action = "deleted";
            }
        }
        changes.save(write, &old, new, action);
        count += 1;
    }
    write_whole(write, changes)?;
    Ok(count)
}
