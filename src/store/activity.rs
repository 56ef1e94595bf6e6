//! Activity: a durable log that reports are appended to, and the table that it is folded into.
//!
//! Nothing here locks the client or touches anybody's record: a report is a monotonic maximum, and
//! the days on which somebody was seen only become more, until they are too old to be kept.

use std::collections::HashMap;
use std::fmt::Write;

use crate::model::activity::{Channel, DaysSeen, LastActivity, Report};
use crate::model::days::{Day, Days};
use crate::model::id::{ClientId, UserId};
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// How far a client's log has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// The latest entry of the log; 0 before the first.
    pub latest: i64,
    /// The latest entry that the table contains.
    pub folded: i64,
}

/// Appends reports to the client's log as one entry, and says its number.
pub fn append(
    tx: &mut Tx<'_>,
    client: ClientId,
    reports: &[Report],
    at: Timestamp,
) -> Result<i64, Error> {
    let number = next_number(tx, client)?;
    insert(tx, client, number, reports, at)?;
    Ok(number)
}

/// Takes the next number of the client's log, and with it the turn to write there: who comes next
/// waits until this transaction ends. Each number taken needs its entry, see [`insert`].
pub fn next_number(tx: &mut Tx<'_>, client: ClientId) -> Result<i64, Error> {
    let sql = "INSERT INTO activity_counters (client_id, number, folded) VALUES ($1, 1, 0)
               ON CONFLICT (client_id) DO UPDATE SET number = activity_counters.number + 1
               RETURNING number";
    let number = tx.one(sql, &[(&client).into()], |row| row.number(0))?;
    number.ok_or_else(|| Error::Failed("a counter did not answer".to_owned()))
}

/// Writes the log's entry of a number that [`next_number`] gave to this transaction.
pub fn insert(
    tx: &mut Tx<'_>,
    client: ClientId,
    number: i64,
    reports: &[Report],
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO activity_log (client_id, number, at, reports) VALUES ($1, $2, $3, $4)";
    let text = write_reports(reports);
    tx.execute(
        sql,
        &[(&client).into(), number.into(), at.into(), (&text).into()],
    )?;
    Ok(())
}

/// How far the client's log has come.
pub fn numbers(tx: &mut Tx<'_>, client: ClientId) -> Result<Numbers, Error> {
    let sql = "SELECT number, folded FROM activity_counters WHERE client_id = $1";
    let numbers = tx.one(sql, &[(&client).into()], |row| {
        Ok(Numbers {
            latest: row.number(0)?,
            folded: row.number(1)?,
        })
    })?;
    Ok(numbers.unwrap_or_default())
}

/// The log's entries after number `since`, in order.
pub fn logged_since(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
) -> Result<Vec<(i64, Vec<Report>)>, Error> {
    logged(tx, client, since, i64::MAX)
}

/// Up to `count` of the log's entries after number `since`, in order.
pub fn logged(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    count: i64,
) -> Result<Vec<(i64, Vec<Report>)>, Error> {
    let mut entries = Vec::new();
    each_logged(tx, client, since, count, |number, reports| {
        entries.push((number, reports));
    })?;
    Ok(entries)
}

fn each_logged(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    count: i64,
    mut each: impl FnMut(i64, Vec<Report>),
) -> Result<(), Error> {
    let sql = "SELECT number, reports FROM activity_log WHERE client_id = $1 AND number > $2
               ORDER BY number LIMIT $3";
    tx.each(
        sql,
        &[(&client).into(), since.into(), count.into()],
        |row| {
            each(row.number(0)?, row.parsed(1, read_reports)?);
            Ok(())
        },
    )
}

/// Hands what the table holds of each user to `each`. The log's entries after
/// [`Numbers::folded`] come on top.
pub fn each<E: From<Error>>(
    tx: &mut Tx<'_>,
    client: ClientId,
    mut each: impl FnMut(UserId, LastActivity) -> Result<(), E>,
) -> Result<(), E> {
    let sql = "SELECT user_id, desktop_at, web_at FROM activity WHERE client_id = $1";
    tx.each(sql, &[(&client).into()], |row| {
        let (user, activity) = read(row)?;
        each(user, activity)
    })
}

fn read(row: &Row<'_>) -> Result<(UserId, LastActivity), Error> {
    let activity = LastActivity {
        desktop_at: row.optional_moment(1)?,
        web_at: row.optional_moment(2)?,
    };
    Ok((row.parsed(0, UserId::parse)?, activity))
}

/// What the table holds of these users, if it holds something. The log's entries after
/// [`Numbers::folded`] come on top.
pub fn folded_of_users<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: impl IntoIterator<Item = &'k UserId>,
) -> Result<Vec<(UserId, LastActivity)>, Error> {
    let sql = "SELECT user_id, desktop_at, web_at FROM activity
               WHERE client_id = $1 AND user_id = $2";
    let questions = users.into_iter();
    let questions = questions.map(|user| [Value::from(&client), user.into()]);
    tx.all_many(sql, questions, read)
}

/// What is known of one user, the log included.
pub fn of_user(tx: &mut Tx<'_>, client: ClientId, user: UserId) -> Result<LastActivity, Error> {
    // The table last: what is folded and taken out of the log meanwhile is in it by then.
    let since = numbers(tx, client)?.folded;
    let entries = logged_since(tx, client, since)?;
    let folded = folded_of_users(tx, client, [&user])?.pop();
    let mut activity = folded.map(|(_, activity)| activity).unwrap_or_default();
    let reports = entries.iter().flat_map(|(_, reports)| reports);
    for report in reports.filter(|report| report.user == user) {
        activity.take(report.channel, report.at);
    }
    Ok(activity)
}

/// On which days one user was seen, the log included.
pub fn days_of_user(tx: &mut Tx<'_>, client: ClientId, user: UserId) -> Result<DaysSeen, Error> {
    // The table last, as in `of_user`.
    let since = numbers(tx, client)?.folded;
    let mut seen = DaysSeen::default();
    each_logged(tx, client, since, i64::MAX, |_, reports| {
        for report in reports.iter().filter(|report| report.user == user) {
            seen.take(report.channel, report.at);
        }
    })?;
    let sql = "SELECT desktop_days, web_days FROM activity WHERE client_id = $1 AND user_id = $2";
    let keys = [(&client).into(), (&user).into()];
    if let Some(folded) = tx.one(sql, &keys, |row| days(row, 0))? {
        seen.merge(&folded);
    }
    Ok(seen)
}

/// Hands the days on which each user was seen to `each`, those of the log included. Within one moment:
/// for who only reads.
pub fn each_days<E: From<Error>>(
    tx: &mut Tx<'_>,
    client: ClientId,
    mut each: impl FnMut(UserId, DaysSeen) -> Result<(), E>,
) -> Result<(), E> {
    let unfolded = unfolded(tx, client)?.users.into_iter();
    let mut logged: HashMap<UserId, DaysSeen> =
        unfolded.map(|(user, seen)| (user, seen.days)).collect();
    let sql = "SELECT user_id, desktop_days, web_days FROM activity WHERE client_id = $1";
    tx.each(sql, &[(&client).into()], |row| {
        let user = row.parsed(0, UserId::parse)?;
        let mut seen = days(row, 1)?;
        if let Some(later) = logged.remove(&user) {
            seen.merge(&later);
        }
        each(user, seen)
    })?;
    logged
        .into_iter()
        .try_for_each(|(user, seen)| each(user, seen))
}

/// The days of both channels, in column `first` and the next.
fn days(row: &Row<'_>, first: usize) -> Result<DaysSeen, Error> {
    Ok(DaysSeen {
        desktop: row.parsed(first, Days::from_text)?,
        web: row.parsed(first + 1, Days::from_text)?,
    })
}

/// What is known of each of these users of whom something is, the log included.
pub fn of_users<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: impl IntoIterator<Item = &'k UserId> + Clone,
) -> Result<HashMap<UserId, LastActivity>, Error> {
    // The table last, as in `of_user`.
    let since = numbers(tx, client)?.folded;
    let mut logged = latest_since(tx, client, since)?;
    let folded = folded_of_users(tx, client, users.clone())?;
    let mut known: HashMap<_, _> = folded.into_iter().collect();
    for user in users {
        if let Some(later) = logged.remove(user) {
            known.entry(*user).or_default().merge(later);
        }
    }
    Ok(known)
}

/// What the log's entries after number `since` say, by user.
pub fn latest_since(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
) -> Result<HashMap<UserId, LastActivity>, Error> {
    let mut latest: HashMap<UserId, LastActivity> = HashMap::new();
    // Entry by entry: there are only so many people, but any number of reports.
    each_logged(tx, client, since, i64::MAX, |_, reports| {
        for report in reports {
            latest
                .entry(report.user)
                .or_default()
                .take(report.channel, report.at);
        }
    })?;
    Ok(latest)
}

/// Clients whose log has entries that the table does not contain yet.
pub fn unfolded_clients(tx: &mut Tx<'_>) -> Result<Vec<ClientId>, Error> {
    let sql = "SELECT client_id FROM activity_counters WHERE number > folded";
    tx.all(sql, &[], |row| row.parsed(0, ClientId::parse))
}

/// Clients whose log has entries that are older than `before`.
pub fn logging_clients(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<ClientId>, Error> {
    let sql = "SELECT client_id FROM activity_counters WHERE EXISTS (SELECT 1 FROM activity_log
               WHERE activity_log.client_id = activity_counters.client_id AND at < $1)";
    tx.all(sql, &[before.into()], |row| row.parsed(0, ClientId::parse))
}

/// What entries of the log say of a user.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// The latest of each channel.
    pub last: LastActivity,
    /// The days.
    pub days: DaysSeen,
}

/// What the table does not contain yet: the number of the latest entry, and what entries up to it
/// report of each user.
pub struct Unfolded {
    /// The latest entry that is looked at.
    pub number: i64,
    /// By user, in one order, so that two who fold at once do not wait for each other.
    pub users: Vec<(UserId, Seen)>,
}

/// What is to be folded now.
pub fn unfolded(tx: &mut Tx<'_>, client: ClientId) -> Result<Unfolded, Error> {
    let known = numbers(tx, client)?;
    let mut users: HashMap<UserId, Seen> = HashMap::new();
    each_logged(tx, client, known.folded, i64::MAX, |_, reports| {
        for report in reports {
            let seen = users.entry(report.user).or_default();
            seen.last.take(report.channel, report.at);
            seen.days.take(report.channel, report.at);
        }
    })?;
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_unstable_by_key(|(user, _)| *user);
    Ok(Unfolded {
        number: known.latest,
        users,
    })
}

/// Says that the table contains the log up to entry `number`.
pub fn set_folded(tx: &mut Tx<'_>, client: ClientId, number: i64) -> Result<(), Error> {
    let sql = "UPDATE activity_counters SET folded = $2 WHERE client_id = $1 AND folded < $2";
    tx.execute(sql, &[(&client).into(), number.into()])?;
    Ok(())
}

/// Takes up to `count` entries out of the log that were folded and are older than `before`: until
/// then other nodes may still read them. Returns how many.
pub fn prune(
    tx: &mut Tx<'_>,
    client: ClientId,
    before: Timestamp,
    count: i64,
) -> Result<usize, Error> {
    let sql = "DELETE FROM activity_log WHERE client_id = $1 AND number IN (
                   SELECT number FROM activity_log WHERE client_id = $1 AND at < $2 AND number <=
                       (SELECT folded FROM activity_counters WHERE client_id = $1)
                   ORDER BY number LIMIT $3)";
    tx.execute(sql, &[(&client).into(), before.into(), count.into()])
}

/// Folds the log's new entries into the table at once, and takes out of the log what was folded and
/// is older than `keep_since`. Days before `first_day` are not kept. Returns how many users' rows were
/// written.
///
/// Two may fold at once (an import does beside the server): times only move on, and so does the
/// number up to which the table contains the log.
pub fn fold(
    tx: &mut Tx<'_>,
    client: ClientId,
    keep_since: Timestamp,
    first_day: Day,
) -> Result<usize, Error> {
    let unfolded = unfolded(tx, client)?;
    merge(tx, client, &unfolded.users, first_day)?;
    set_folded(tx, client, unfolded.number)?;
    prune(tx, client, keep_since, i64::MAX)?;
    Ok(unfolded.users.len())
}

/// Merges what is known of some users into the table. Times only move on, and no day from `first_day`
/// on is forgotten.
pub fn merge(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: &[(UserId, Seen)],
    first_day: Day,
) -> Result<(), Error> {
    let sql = "INSERT INTO activity (client_id, user_id, desktop_at, web_at)
               VALUES ($1, $2, $3, $4) ON CONFLICT (client_id, user_id) DO UPDATE SET
               desktop_at = CASE WHEN excluded.desktop_at > COALESCE(activity.desktop_at,
                   excluded.desktop_at - 1) THEN excluded.desktop_at
                   ELSE activity.desktop_at END,
               web_at = CASE WHEN excluded.web_at > COALESCE(activity.web_at,
                   excluded.web_at - 1) THEN excluded.web_at ELSE activity.web_at END
               RETURNING desktop_days, web_days";
    let rows = users.iter().map(|(user, seen)| {
        let (desktop_at, web_at) = (seen.last.desktop_at.into(), seen.last.web_at.into());
        [Value::from(&client), user.into(), desktop_at, web_at]
    });
    // From here on the rows are locked: nobody else adds days to what is read of them.
    let known = tx.all_many(sql, rows, |row| days(row, 0))?;
    let mut changed = Vec::new();
    for ((user, seen), known) in users.iter().zip(known) {
        let mut all = known;
        all.merge(&seen.days);
        all.forget_before(first_day);
        // Most are seen again on a day that is known already.
        if all != known {
            changed.push((user, all.desktop.to_text(), all.web.to_text()));
        }
    }
    let sql = "UPDATE activity SET desktop_days = $3, web_days = $4
               WHERE client_id = $1 AND user_id = $2";
    let rows = changed.iter().map(|(user, desktop, web)| {
        [
            Value::from(&client),
            (*user).into(),
            desktop.into(),
            web.into(),
        ]
    });
    tx.execute_many(sql, rows)?;
    Ok(())
}

/// Up to `count` users of whom days are known that are all before `first_day`: nobody saw them since,
/// so no fold forgets those. It looks at all the client's rows.
pub fn long_unseen(
    tx: &mut Tx<'_>,
    client: ClientId,
    first_day: Day,
    count: i64,
) -> Result<Vec<UserId>, Error> {
    let sql = "SELECT user_id FROM activity WHERE client_id = $1
               AND (desktop_at < $2 AND desktop_days <> '' OR web_at < $2 AND web_days <> '')
               ORDER BY user_id LIMIT $3";
    let values = [(&client).into(), first_day.begin().into(), count.into()];
    tx.all(sql, &values, |row| row.parsed(0, UserId::parse))
}

/// Forgets those users' days on channels that did not see them from `first_day` on.
pub fn forget_days(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: &[UserId],
    first_day: Day,
) -> Result<(), Error> {
    let sql = "UPDATE activity SET
               desktop_days = CASE WHEN desktop_at < $3 THEN '' ELSE desktop_days END,
               web_days = CASE WHEN web_at < $3 THEN '' ELSE web_days END
               WHERE client_id = $1 AND user_id = $2";
    let begin = first_day.begin();
    let rows = users
        .iter()
        .map(|user| [Value::from(&client), user.into(), begin.into()]);
    tx.execute_many(sql, rows)?;
    Ok(())
}

/// `ID d MS` or `ID w MS`, a line each.
fn write_reports(reports: &[Report]) -> String {
    let mut text = String::with_capacity(reports.len() * 54);
    for report in reports {
        text.push_str(report.user.as_str());
        text.push_str(match report.channel {
            Channel::Desktop => " d ",
            Channel::Web => " w ",
        });
        write!(text, "{}", report.at.milliseconds())
            .expect("a String takes all that is written to it");
        text.push('\n');
    }
    text
}

fn read_reports(text: &str) -> Option<Vec<Report>> {
    text.lines()
        .map(|line| {
            let mut parts = line.split(' ');
            Some(Report {
                user: UserId::parse(parts.next()?)?,
                channel: match parts.next()? {
                    "d" => Channel::Desktop,
                    "w" => Channel::Web,
                    _ => return None,
                },
                at: Timestamp::from_milliseconds(parts.next()?.parse().ok()?),
            })
        })
        .collect()
}
