//! People whom nobody has seen for long: who they are, and deactivating them all.
//!
//! Who was created so lately that there was no time to see them is not among them. While the agents are
//! silent nobody is deactivated: see [`Coverage`].

mod again;

use crate::directory::image::Image;
use crate::model::id::UserId;
use crate::model::invalid::Invalid;
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, UserView, is_stale};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::overview::Coverage;
use crate::operations::user_changes::UserChanges;
use crate::operations::users::{live, write_whole};
use crate::operations::write::{Write, write};
use crate::store;

pub use again::{Done, Span, done, reactivate};

/// The shortest threshold: a week that somebody is on leave makes nobody stale.
pub const THRESHOLD_DAYS_MIN: u32 = 7;
/// People who are shown before it is done.
pub const SHOWN_MAX: usize = 50;
/// People who are deactivated by one call at most.
pub const DEACTIVATED_MAX: usize = 1_000;
/// People in one transaction at most: other writes of the client wait for it.
const IN_A_TRANSACTION_MAX: usize = 100;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// For how many days nobody saw whoever is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold(u32);

impl Threshold {
    /// A threshold of so many days, which are at least a week.
    pub fn of_days(days: u32) -> Result<Self, Invalid> {
        if days < THRESHOLD_DAYS_MIN {
            let reason = format!("threshold_days must be at least {THRESHOLD_DAYS_MIN}");
            return Err(Invalid::new("threshold_days", reason));
        }
        Ok(Self(days))
    }

    /// The moment since which nobody saw whoever is stale at `now`.
    fn since(self, now: Timestamp) -> Timestamp {
        now.plus_milliseconds(-i64::from(self.0) * DAY_MS)
    }
}

/// Whom [`deactivate`] would deactivate.
pub struct Preview<'a> {
    /// How many.
    pub count: usize,
    /// The first of them, by username.
    pub first: Vec<UserView<'a>>,
    /// Whether their being stale can be believed; if not, [`deactivate`] refuses.
    pub coverage: Coverage,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deactivated {
    /// Who is inactive now and was not before.
    pub users: Vec<UserId>,
    /// The changes that did it, if there are any: see [`reactivate`].
    pub changes: Option<Span>,
    /// How many are left, for another call.
    pub remaining: usize,
}

/// Lends `show` whom [`deactivate`] would deactivate.
///
/// # Errors
/// [`Error::Unavailable`] when too many look at everybody at once.
pub async fn preview<R>(
    app: &App,
    access: &Access,
    threshold: Threshold,
    show: impl FnOnce(Preview<'_>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let _turn = app.looks().turn().await?;
    let image = live.read();
    let mut stale = image.stale_since(threshold.since(app.now()));
    let first: Vec<_> = stale.by_ref().take(SHOWN_MAX).collect();
    Ok(show(Preview {
        count: first.len() + stale.count(),
        first,
        coverage: Coverage::of(&image, app.now()),
    }))
}

/// Deactivates active people whom nobody has seen for as long as the threshold says, up to
/// [`DEACTIVATED_MAX`] of them. A pinned state does not keep them active: pins bind provisioning, and
/// this is somebody's own decision.
///
/// # Errors
/// [`Error::Degraded`], and nobody is deactivated, while the agents are silent. When another error
/// comes, some may have been deactivated; who calls again goes on from there.
pub async fn deactivate(
    app: &App,
    access: &Access,
    threshold: Threshold,
) -> Result<Deactivated, Error> {
    let live = live(app, access).await?;
    let found: Vec<UserId> = {
        let _turn = app.looks().turn().await?;
        let image = live.read();
        assert_covered(&image, app.now())?;
        let stale = image.stale_since(threshold.since(app.now()));
        let ids = stale.map(|user| user.id);
        ids.take(DEACTIVATED_MAX).collect()
    };
    let (mut users, mut changes) = (Vec::with_capacity(found.len()), None);
    for ids in found.chunks(IN_A_TRANSACTION_MAX) {
        let ids = ids.to_vec();
        let work = move |write: &mut Write<'_, '_>| deactivate_some(write, &ids, threshold);
        for (user, number) in write(app, access, work).await? {
            users.push(user);
            changes = Some(Span::up_to(changes, number));
        }
    }
    let remaining = preview(app, access, threshold, |left| left.count).await?;
    Ok(Deactivated {
        users,
        changes,
        remaining,
    })
}

fn assert_covered(image: &Image, now: Timestamp) -> Result<(), Error> {
    let coverage = Coverage::of(image, now);
    if !coverage.is_degraded {
        return Ok(());
    }
    let mut silent = coverage.channels.iter().filter(|channel| channel.is_silent);
    let reason = match silent.find_map(|channel| Some((channel.channel, channel.last_report_at?))) {
        Some((channel, at)) => format!(
            "Who is stale cannot be told: the {} agents have been silent since {at}",
            channel.name()
        ),
        None => "Who is stale cannot be told: no agent has ever reported anybody".to_owned(),
    };
    Err(Error::Degraded(reason))
}

/// Deactivates those who are stale, as the database has it: they may have been seen, or changed, since
/// they were looked for. Says whom, and by which change.
fn deactivate_some(
    write: &mut Write<'_, '_>,
    ids: &[UserId],
    threshold: Threshold,
) -> Result<Vec<(UserId, i64)>, Error> {
    let since = threshold.since(write.now);
    let seen = store::activity::of_users(write.tx, write.client, ids)?;
    let mut changes = UserChanges::default();
    let mut deactivated = Vec::with_capacity(ids.len());
    for old in store::users::find_many(write.tx, write.client, ids)? {
        let last = seen.get(&old.id).copied().unwrap_or_default();
        let is_active = old.deleted_at.is_none() && old.state == State::Active;
        if !is_active || !is_stale(last, old.created_at, since) {
            continue;
        }
        let mut new = old.to_user();
        new.state = State::Inactive;
        if let Some(saved) = changes.save(write, &old, new, "updated") {
            deactivated.push((saved.id, saved.revision));
        }
    }
    write_whole(write, changes)?;
    Ok(deactivated)
}
