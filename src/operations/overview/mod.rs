//! What a client's directory looks like at one glance: whether its agents report, and how many of its
//! people were seen lately, over time. (Departments by size are a list of departments:
//! [`super::departments::list`].)

mod kept;

use std::collections::HashMap;
use std::sync::Arc;

use crate::directory::image::Image;
use crate::model::activity::Channel;
use crate::model::days::Day;
use crate::model::id::UserId;
use crate::model::invalid::Invalid;
use crate::model::timestamp::Timestamp;
use crate::model::trend::{Counting, THRESHOLD_DAYS_MAX, TrendDay};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::users::live;
use crate::store;

pub(super) use kept::KeptTrends;

/// After how long without any report a channel counts as silent. From Friday evening to Monday morning
/// nobody may be at work anywhere, and that is no outage.
pub const SILENT_AFTER_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// A channel's agents, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelCoverage {
    /// Which.
    pub channel: Channel,
    /// When one last reported anybody; `None` when none ever did.
    pub last_report_at: Option<Timestamp>,
    /// Whether they used to report and do not any more.
    pub is_silent: bool,
}

/// Whether what is known of activity can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of [`Channel::ALL`].
    pub channels: [ChannelCoverage; 2],
    /// Whether "stale" may mean that nobody looked: a channel is silent, or there are people and nobody
    /// ever reported one.
    pub is_degraded: bool,
}

impl Coverage {
    /// The coverage of an image's people.
    pub(super) fn of(image: &Image, now: Timestamp) -> Self {
        let last = image.last_reports();
        let silent_since = now.plus_milliseconds(-SILENT_AFTER_MS);
        let channels = Channel::ALL.map(|channel| {
            let last_report_at = last.on(channel);
            ChannelCoverage {
                channel,
                last_report_at,
                is_silent: last_report_at.is_some_and(|at| at < silent_since),
            }
        });
        let is_any_silent = channels.iter().any(|channel| channel.is_silent);
        let was_nobody_seen = last.at().is_none() && image.user_count() > 0;
        Self {
            channels,
            is_degraded: is_any_silent || was_nobody_seen,
        }
    }
}

/// Whether a client's agents report.
pub async fn coverage(app: &App, access: &Access) -> Result<Coverage, Error> {
    let live = live(app, access).await?;
    let coverage = Coverage::of(&live.read(), app.now());
    Ok(coverage)
}

/// What [`trend`] would say, if it was made within the last minute.
pub fn trend_at_hand(app: &App, access: &Access, threshold_days: i32) -> Option<Arc<[TrendDay]>> {
    let question = (access.client(), threshold_days);
    app.trends.find(question, app.clock.monotonic())
}

/// How many people were active and how many stale on each of the last days, today included. What was
/// made within the last minute is not made again.
///
/// Only days are known of the past, so the threshold is one of whole days: with two, which stand for
/// the API's 48 hours, who was seen on a day or on the one before it was active that day. People are
/// counted from the day of their creation until the day before their deletion; who was deleted and came
/// back counts as if they had never been away.
///
/// # Errors
/// [`Error::Invalid`] for a threshold below 1 or above [`THRESHOLD_DAYS_MAX`] days;
/// [`Error::Unavailable`] when too many look at everybody at once.
pub async fn trend(
    app: &App,
    access: &Access,
    threshold_days: i32,
) -> Result<Arc<[TrendDay]>, Error> {
    if !(1..=THRESHOLD_DAYS_MAX).contains(&threshold_days) {
        let reason = format!("threshold_days must be from 1 to {THRESHOLD_DAYS_MAX}");
        return Err(Invalid::new("threshold_days", reason).into());
    }
    let live = live(app, access).await?;
    let (client, clock) = (access.client(), &app.clock);
    let question = (client, threshold_days);
    if let Some(known) = app.trends.find(question, clock.monotonic()) {
        return Ok(known);
    }
    let turn = app.looks().turn().await?;
    // Whoever had the turn before may have asked the same.
    if let Some(known) = app.trends.find(question, clock.monotonic()) {
        return Ok(known);
    }
    let mut counting = Counting::until(Day::of(clock.now()), threshold_days);
    let first = counting.seen_since();
    let read = app.store.read(move |tx| {
        let mut seen: HashMap<UserId, u128> = HashMap::new();
        store::activity::each_days(tx, client, |user, days| {
            let days = days.desktop.since(first) | days.web.since(first);
            if days != 0 {
                seen.insert(user, days);
            }
            Ok::<(), Error>(())
        })?;
        Ok::<_, Error>(seen)
    });
    let seen = read.await?;
    // Everybody is looked at: not where others wait to be answered.
    let looking = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        for (user, created_at, deleted_at) in live.read().lifetimes() {
            let seen = seen.get(&user).copied().unwrap_or_default();
            counting.add(Day::of(created_at), deleted_at.map(Day::of), seen);
        }
        Arc::from(counting.finish())
    });
    let looking = looking.await;
    let trend: Arc<[TrendDay]> = looking.map_err(|error| Error::Internal(error.to_string()))?;
    app.trends
        .keep(question, Arc::clone(&trend), clock.monotonic());
    Ok(trend)
}
