//! What is held of what identity providers asked for (see `breaker`), and a person's word on it.

use crate::model::id::UserId;
use crate::model::provenance::TracedUser;
use crate::model::provisioning::Held;
use crate::model::user::User;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::provisioning::breaker::depart;
use crate::operations::user_changes::UserChanges;
use crate::operations::users::write_whole;
use crate::operations::write::{Write, write};
use crate::store;

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
            Ok(users.into_iter().filter_map(Hold::of).collect())
        })
        .await
}

impl Hold {
    fn of(user: User) -> Option<Self> {
        Some(Self {
            user: user.id,
            username: user.username,
            held: user.held?,
        })
    }
}

/// Says the word on what is held of these users, or of all, and how many it was about. Nobody of whom
/// nothing is held may be among those who are named.
pub async fn decide(
    app: &App,
    access: &Access,
    word: Word,
    users: Option<Vec<UserId>>,
) -> Result<usize, Error> {
    if let Some(mut users) = users {
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
        let ids: Vec<UserId> = page.iter().map(|hold| hold.user).collect();
        count += write(app, access, move |write| {
            // Somebody may have settled it meanwhile.
            let found = store::users::find_many(write.tx, write.client, &ids)?;
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
