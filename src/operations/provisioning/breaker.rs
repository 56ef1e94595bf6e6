//! The circuit breaker: when one source lets too many people go within an hour, the rest waits for a
//! person's word (`holds`). Whoever asked is told that it is done, for it may be right, and an identity
//! provider that is refused tries again for ever or gives up on everybody.

use std::sync::atomic::Ordering;

use crate::directory::Live;
use crate::model::id::TokenId;
use crate::model::provisioning::{Breaker as Settings, Held, Intent};
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, User};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::write::Write;
use crate::store;

/// How far back departures count.
const WINDOW_MS: i64 = 60 * 60 * 1000;

/// A client's breaker, as its directory stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Breaker {
    settings: Settings,
    /// How many are there.
    present: u64,
    /// Whether something is held already.
    is_holding: bool,
}

impl Breaker {
    pub(super) fn of(live: &Live) -> Self {
        let image = live.read();
        Self {
            settings: image.client().provisioning.breaker,
            present: image.user_count() as u64,
            is_holding: image.held_count() > 0,
        }
    }

    /// Has somebody leave as `intent` says, or has it held.
    pub(super) fn let_go(
        self,
        write: &mut Write<'_, '_>,
        user: &mut User,
        intent: Intent,
    ) -> Result<(), Error> {
        // Who rehearses a request on the database's own machine is no source that is counted.
        if let Some(by) = write.actor().token
            && self.settings.is_on
            && !self.may_leave(write, user, by)?
        {
            user.held = Some(Held {
                intent,
                at: write.now,
                by,
            });
            return Ok(());
        }
        depart(user, intent, write.now);
        Ok(())
    }

    fn may_leave(self, write: &mut Write<'_, '_>, user: &User, by: TokenId) -> Result<bool, Error> {
        let (tx, client, now) = (&mut *write.tx, write.client, write.now);
        let since = now.plus_milliseconds(-WINDOW_MS);
        // Who is deactivated and then deleted leaves once.
        if store::departures::has_left(tx, client, by, user.id, since)? {
            return Ok(true);
        }
        // As many are too many whatever the share is.
        let enough = self.present.max(self.settings.users_min.into());
        let count_max = i64::try_from(enough).unwrap_or(i64::MAX);
        let left = store::departures::count(tx, client, by, since, count_max)?;
        if self.settings.trips(left + 1, self.present) {
            return Ok(false);
        }
        store::departures::note(tx, client, by, user.id, now, since)?;
        Ok(true)
    }

    /// Counts what is held of somebody that was not before, and logs it if nothing was held of anybody:
    /// a wave is one piece of news.
    pub(super) fn tell(self, app: &App, access: &Access, user: &User, before: Option<Held>) {
        let Some(held) = user.held.filter(|held| Some(*held) != before) else {
            return;
        };
        app.held_total.fetch_add(1, Ordering::Relaxed);
        if !self.is_holding {
            let intent = held.intent.name();
            tracing::warn!(
                client = %access.client(),
                source = %held.by,
                user = %user.id,
                intent,
                "too many leave at once: what comes now is held until somebody approves or rejects it"
            );
        }
    }
}

/// Notes that somebody is there again whom a source had let go.
pub(super) fn is_back(write: &mut Write<'_, '_>, user: &User) -> Result<(), Error> {
    if let Some(by) = write.actor().token {
        store::departures::forget(write.tx, write.client, by, user.id)?;
    }
    Ok(())
}

/// Does what an intent says.
pub(super) fn depart(user: &mut User, intent: Intent, now: Timestamp) {
    user.held = None;
    match intent {
        Intent::Deactivate => user.state = State::Inactive,
        Intent::Delete => user.deleted_at = Some(now),
    }
}
