//! On which days the demo's people were seen before the last time: what their agents would have reported
//! in the last months. Who stopped and who was never seen follows from their last activity.

use serde_json::Value;

use crate::cli::demo::people::{self, Chance};
use crate::model::activity::Channel;
use crate::model::days::Day;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;
use crate::operations::activity::{SentReport, Subject};

/// How far back the reports go.
const DAYS: i32 = 120;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// The reports, none of which is later than what is known already of the same channel. The same each
/// time, as the people are.
pub fn reports(now: Timestamp) -> Vec<SentReport> {
    let mut chance = Chance::of(120);
    let mut reports = Vec::new();
    for line in people::lines(now) {
        let line: Value = serde_json::from_str(&line).expect("the line was made as JSON");
        if let Some(user) = reported(&line) {
            let absence = Absence::by(&mut chance);
            for channel in Channel::ALL {
                let habit = 45 + chance.below(50);
                let last = moment(&line["last_activity"][format!("{}_at", channel.name())]);
                let Some(last) = last else { continue };
                let created = moment(&line["created_at"]).unwrap_or(now);
                let first = Day::of(now).plus(-DAYS).max(Day::of(created).plus(1));
                let days = (0..Day::of(last).since(first)).map(|later| first.plus(later));
                for day in days {
                    // Few work on weekends, and some then.
                    let share = if is_weekend(day) { 4 } else { habit };
                    let at_ms = 7 * HOUR_MS + chance.below(11 * HOUR_MS);
                    if chance.below(100) < share && !absence.is_on(Day::of(now).since(day)) {
                        reports.push(SentReport {
                            subject: Subject::Id(user),
                            channel,
                            at: day.begin().plus_milliseconds(at_ms.cast_signed()),
                        });
                    }
                }
            }
        }
    }
    reports
}

/// Whom a line is about, if agents may report them: departments are nobody, and who was deleted is not
/// reported any more.
fn reported(line: &Value) -> Option<UserId> {
    let is_there = line.get("username").is_some() && line["deleted_at"].is_null();
    is_there.then(|| UserId::parse(line["id"].as_str()?))?
}

fn moment(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?)
}

fn is_weekend(day: Day) -> bool {
    let monday = Day::parse("1970-01-05").expect("it is a date");
    day.since(monday).rem_euclid(7) >= 5
}

/// A holiday, in days ago.
struct Absence {
    ended: i32,
    days: i32,
}

impl Absence {
    fn by(chance: &mut Chance) -> Self {
        let mut below = |bound| i32::try_from(chance.below(bound)).unwrap_or_default();
        Self {
            ended: below(DAYS.cast_unsigned().into()),
            days: below(20),
        }
    }

    fn is_on(&self, days_ago: i32) -> bool {
        (self.ended..self.ended + self.days).contains(&days_ago)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn people_were_seen_on_weekdays_mostly_and_never_later_than_last() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let known: HashMap<UserId, [Option<Timestamp>; 3]> = people::lines(now)
            .map(|line| serde_json::from_str(&line).unwrap())
            .filter_map(|line: Value| {
                let last = &line["last_activity"];
                let moments = [&line["created_at"], &last["desktop_at"], &last["web_at"]];
                Some((reported(&line)?, moments.map(moment)))
            })
            .collect();
        let reports = reports(now);
        assert!(
            (40_000..120_000).contains(&reports.len()),
            "{}",
            reports.len()
        );
        let (mut weekends, mut seen) = (0, HashSet::new());
        for report in &reports {
            let Subject::Id(user) = &report.subject else {
                panic!("people are reported by their ids");
            };
            let [created, desktop, web] = known[user];
            let last = match report.channel {
                Channel::Desktop => desktop,
                Channel::Web => web,
            };
            assert!(Some(report.at) < last && Some(report.at) > created);
            assert!(Day::of(now).since(Day::of(report.at)) <= DAYS);
            weekends += usize::from(is_weekend(Day::of(report.at)));
            let is_first = seen.insert((*user, report.channel, Day::of(report.at)));
            assert!(is_first, "once a day is enough");
        }
        assert!(weekends > 0 && weekends < reports.len() / 20, "{weekends}");
        let people: HashSet<UserId> = seen.into_iter().map(|(user, ..)| user).collect();
        assert!(people.len() > people::GENERATED / 2 && people.len() < people::GENERATED);
    }
}
