//! The demo's departments and people, as lines for the import.
//!
//! The same each time but for the activity, which lies in the weeks before `now`: chance here is a
//! fixed sequence and no secret depends on it.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::cli::demo::names::{DIVISIONS, Division, FIRST, LAST, OFFICES};
use crate::model::id::Id;
use crate::model::timestamp::Timestamp;

/// The id of the Clients API's published example.
pub const MIKE: &str = "a1d97031-04e2-4907-a249-093f7436207b";
/// The external id of the Identity Gateway's published example.
pub const JOHN: &str = "1234-5678-9012-3456";
/// The department of the published examples.
const ENGINEERING: &str = "d1a2b3c4-e5f6-7890-abcd-ef1234567890";
/// How many people are made up.
pub const GENERATED: usize = 1_000;

const SECOND_MS: u64 = 1_000;
const HOUR_MS: u64 = 60 * 60 * SECOND_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
/// 2023-01-09T08:00:00Z, when the first records were made.
const FOUNDED_MS: u64 = 1_673_251_200_000;
/// From then on, the days in which records were made and changed: until February 2026.
const HISTORY_DAYS: u64 = 1_130;

/// The departments' lines, then the people's. Each is an object of the Clients API with what the
/// import takes beyond it: `external_id`, `state`, `profile`, `deleted_at`.
pub fn lines(now: Timestamp) -> impl Iterator<Item = String> {
    let departments = departments();
    let first = departments.clone().into_iter();
    let known = known(&departments[0]);
    let mut chance = Chance::of(2026);
    let mut taken: HashSet<String> = known
        .iter()
        .filter_map(|person| person["user_key"].as_str().map(str::to_owned))
        .collect();
    let generated = (0..GENERATED)
        .map(move |index| generated(index, now, &departments, &mut chance, &mut taken));
    first
        .chain(known)
        .chain(generated)
        .map(|line| line.to_string())
}

fn departments() -> Vec<Value> {
    let mut chance = Chance::of(12);
    let founded = at(FOUNDED_MS);
    let made = DIVISIONS.iter().enumerate().map(|(index, division)| {
        let id = match index {
            0 => ENGINEERING.to_owned(),
            _ => chance.id(FOUNDED_MS).to_string(),
        };
        json!({
            "id": id,
            "name": division.name,
            "description": division.description,
            "created_at": founded,
            "updated_at": founded,
        })
    });
    made.collect()
}

/// What a user's body embeds of a department.
fn reference(department: &Value) -> Value {
    json!({
        "id": department["id"],
        "name": department["name"],
        "description": department["description"],
    })
}

/// The people of the published examples, exactly, and the one whom the gateway's printed request
/// asks for.
fn known(engineering: &Value) -> [Value; 4] {
    let mike = json!({
        "id": MIKE,
        "username": "mikechang",
        "user_key": "mikechang",
        "external_id": null,
        "state": "ACTIVE",
        "profile": {
            "email_addr": "mike.chang@example.com",
            "first_name": "Mike",
            "last_name": "Chang",
            "full_name": "Mike Chang",
        },
        "last_activity": {
            "at": "2026-02-24T21:23:53.082Z",
            "desktop_at": "2026-02-24T21:22:46.119Z",
            "web_at": "2026-02-24T21:23:53.082Z",
        },
        "departments": [reference(engineering)],
        "created_at": "2026-02-05T21:29:34.214Z",
        "updated_at": "2026-02-05T21:29:34.214Z",
        "deleted_at": null,
    });
    let new_user = json!({
        "id": "c3f19253-26g4-6129-c461-215h9658429d",
        "username": "newuser",
        "user_key": "newuser",
        "external_id": null,
        "state": "ACTIVE",
        "profile": {},
        "last_activity": { "at": null, "desktop_at": null, "web_at": null },
        "departments": [],
        "created_at": "2026-02-24T10:00:00.000Z",
        "updated_at": "2026-02-24T10:00:00.000Z",
        "deleted_at": null,
    });
    [mike, new_user, john(engineering), jane()]
}

fn john(engineering: &Value) -> Value {
    json!({
        "id": "01881932-8a40-7d0e-8c11-6f5a2b7d9e01",
        "username": "JohnDoe",
        "user_key": "JohnDoe",
        "external_id": JOHN,
        "state": "ACTIVE",
        "profile": {
            "universal_identifier": "john@example.com",
            "email_addr": "john@example.com",
            "first_name": "John",
            "last_name": "Doe",
            "full_name": "John Doe",
            "work_status": "FULL_TIME",
            "employment_info": {
                "employee_start_date_ts": "2023-05-14T09:30:00Z",
                "role": "Software Engineer",
                "manager_email": "emilysmith@example.com",
                "cost_center_id": "A123",
                "cost_center_name": "Engineering Department",
                "department": "Engineering",
                "office_phone_number": "555-123-4567",
                "assistant_full_name": "Sarah Johnson",
                "employment_location": {
                    "location": "Austin, Texas",
                    "office": "MTV",
                    "country_code": "1",
                    "region": "South Central",
                    "timezone": "Central Standard Time (CST)",
                },
            },
        },
        "last_activity": { "at": null, "desktop_at": null, "web_at": null },
        "departments": [reference(engineering)],
        "created_at": "2023-05-14T09:30:00.000Z",
        "updated_at": "2023-05-14T09:30:00.000Z",
        "deleted_at": null,
    })
}

/// The gateway's page prints `/myinstance1/users/userId`: pasted as it stands, it finds her.
fn jane() -> Value {
    json!({
        "id": "01881932-8a41-7b52-9d3f-0c4e8a6b1f02",
        "username": "janeroe",
        "user_key": "janeroe",
        "external_id": "userId",
        "state": "ACTIVE",
        "profile": {
            "universal_identifier": "jane@example.com",
            "email_addr": "jane@example.com",
            "first_name": "Jane",
            "last_name": "Roe",
            "full_name": "Jane Roe",
            "work_status": "CONTINGENT",
        },
        "last_activity": { "at": null, "desktop_at": null, "web_at": null },
        "departments": [],
        "created_at": "2023-05-14T09:30:00.001Z",
        "updated_at": "2023-05-14T09:30:00.001Z",
        "deleted_at": null,
    })
}

/// How a made-up person is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Active,
    Inactive,
    Deleted,
}

fn generated(
    index: usize,
    now: Timestamp,
    departments: &[Value],
    chance: &mut Chance,
    taken: &mut HashSet<String>,
) -> Value {
    let (first, last) = (chance.pick(&FIRST), chance.pick(&LAST));
    let (username, email) = addresses(first.1, last.1, taken);
    let created_ms = FOUNDED_MS + chance.below(HISTORY_DAYS * DAY_MS);
    let history_ms = FOUNDED_MS + HISTORY_DAYS * DAY_MS - created_ms;
    let updated_ms = match chance.below(3) {
        0 => created_ms,
        _ => created_ms + chance.below(history_ms),
    };
    let standing = match chance.below(100) {
        0..4 => Standing::Deleted,
        4..11 => Standing::Inactive,
        _ => Standing::Active,
    };
    let own = division(index, chance);
    let mut members = Vec::new();
    // A few were never put into any department, and a few help out in a second one.
    let is_assigned = chance.below(100) >= 4;
    if is_assigned {
        members.push(reference(&departments[own]));
        let other = division(DIVISIONS.len(), chance);
        if chance.below(12) == 0 && other != own {
            members.push(reference(&departments[other]));
        }
    }
    let profile = profile(index, [first.0, last.0, &email], created_ms, own, chance);
    let deleted_at = (standing == Standing::Deleted).then(|| at(updated_ms));
    json!({
        "id": chance.id(created_ms).to_string(),
        "username": username,
        "user_key": username,
        "external_id": format!("E{}", 100_001 + index),
        "state": if standing == Standing::Inactive { "INACTIVE" } else { "ACTIVE" },
        "profile": profile,
        "last_activity": last_activity(standing, now, [created_ms, updated_ms], chance),
        "departments": members,
        "created_at": at(created_ms),
        "updated_at": at(updated_ms),
        "deleted_at": deleted_at,
    })
}

/// A username and an address that nobody has yet.
fn addresses(first: &str, last: &str, taken: &mut HashSet<String>) -> (String, String) {
    let mut number = 1;
    loop {
        let suffix = if number == 1 {
            String::new()
        } else {
            number.to_string()
        };
        let username = format!("{first}{last}{suffix}");
        if taken.insert(username.clone()) {
            return (username, format!("{first}.{last}{suffix}@example.com"));
        }
        number += 1;
    }
}

/// The number of somebody's department. The first person of each leads it.
fn division(index: usize, chance: &mut Chance) -> usize {
    if index < DIVISIONS.len() {
        return index;
    }
    let mut left = chance.below(DIVISIONS.iter().map(|division| division.share).sum());
    for (index, division) in DIVISIONS.iter().enumerate() {
        if left < division.share {
            return index;
        }
        left -= division.share;
    }
    0
}

fn profile(
    index: usize,
    [first, last, email]: [&str; 3],
    created_ms: u64,
    own: usize,
    chance: &mut Chance,
) -> Value {
    let division: &Division = &DIVISIONS[own];
    let leads = index < DIVISIONS.len();
    let role = if leads {
        format!("Head of {}", division.name)
    } else {
        (*chance.pick(&division.roles)).to_owned()
    };
    let work_status = match chance.below(20) {
        0 => "INTERN",
        1 | 2 => "CONTINGENT",
        _ => "FULL_TIME",
    };
    let [location, office, country_code, region, timezone] = chance.pick(&OFFICES);
    let mut employment = json!({
        "employee_start_date_ts": at(created_ms - created_ms % DAY_MS + 9 * HOUR_MS),
        "role": role,
        "cost_center_id": division.cost_center,
        "cost_center_name": format!("{} Department", division.name),
        "department": division.name,
        "office_phone_number": format!("555-{:03}-{:04}", chance.below(900) + 100, chance.below(10_000)),
        "employment_location": {
            "location": location,
            "office": office,
            "country_code": country_code,
            "region": region,
            "timezone": timezone,
        },
    });
    if leads {
        employment["assistant_full_name"] = "Sarah Johnson".into();
    } else {
        let mailbox = division.name.to_lowercase().replace(' ', "-");
        employment["manager_email"] = format!("{mailbox}-leads@example.com").into();
    }
    json!({
        "universal_identifier": email,
        "email_addr": email,
        "first_name": first,
        "last_name": last,
        "full_name": format!("{first} {last}"),
        "work_status": work_status,
        "employment_info": employment,
    })
}

/// Who is with us was mostly seen in the last days, some weeks ago, some never. Who left was last
/// seen before their record was closed.
fn last_activity(
    standing: Standing,
    now: Timestamp,
    [created_ms, updated_ms]: [u64; 2],
    chance: &mut Chance,
) -> Value {
    let now_ms = u64::try_from(now.milliseconds()).unwrap_or(0);
    let seen_ms = match (standing, chance.below(100)) {
        (_, 0..8) => None,
        (Standing::Active, 8..58) => Some(now_ms.saturating_sub(chance.below(2 * DAY_MS))),
        (Standing::Active, 58..85) => Some(now_ms.saturating_sub(chance.below(14 * DAY_MS))),
        (Standing::Active, _) => Some(now_ms.saturating_sub(chance.below(70 * DAY_MS))),
        _ => Some(updated_ms.saturating_sub(chance.below(5 * DAY_MS))),
    };
    // Nobody was seen before they were known.
    let seen_ms = seen_ms.map(|seen_ms| seen_ms.max(created_ms));
    let (mut desktop_ms, mut web_ms) = (seen_ms, seen_ms);
    let earlier_ms = seen_ms.map(|seen_ms| {
        let gap_ms = chance.below(30 * HOUR_MS);
        seen_ms.saturating_sub(gap_ms).max(created_ms)
    });
    match chance.below(10) {
        0..2 => desktop_ms = None,
        2..4 => web_ms = None,
        4..7 => desktop_ms = earlier_ms,
        _ => web_ms = earlier_ms,
    }
    json!({
        "at": seen_ms.map(at),
        "desktop_at": desktop_ms.map(at),
        "web_at": web_ms.map(at),
    })
}

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_milliseconds(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

/// A fixed sequence that looks like chance (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    /// The sequence of that number.
    pub(super) fn of(number: u64) -> Self {
        Self(number)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to just below `bound`, which is no more than a few years of milliseconds: the slight
    /// preference of the remainder for small numbers does not show. 0 when the bound is.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len() as u64);
        &items[usize::try_from(index).expect("it is below the length of a slice")]
    }

    /// A UUID of version 7.
    fn id(&mut self, made_ms: u64) -> Id {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(made_ms, &random)
            .into_uuid()
            .into()
    }
}

#[cfg(test)]
mod tests;
