//! Images of so many people that lists are walked and counted instead of being sorted, beside a
//! look at everybody.

use std::cmp::Ordering;

use rollcall::directory::image::{Delta, Image};
use rollcall::model::activity::{Channel, Report};
use rollcall::model::department::Department;
use rollcall::model::id::{DepartmentId, UserId};
use rollcall::model::page::{SortOrder, UserQuery, UserSort};
use rollcall::model::profile::Profile;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::user::{State, User};
use rollcall::store::users::Rename;

use crate::apart::{client, id};
use crate::support::Dice;

const PEOPLE: usize = 6_000;
const MINUTE_MS: i64 = 60_000;

fn department(number: u64) -> Department {
    Department {
        id: DepartmentId(id(number)),
        name: format!("Department {number}").into(),
        description: None,
        external_id: None,
        created_at: Timestamp::from_milliseconds(0),
        updated_at: Timestamp::from_milliseconds(0),
        deleted_at: None,
        revision: 1,
    }
}

/// Somebody; most names hold an `a`, few a `q`.
fn user(dice: &Dice, number: u64, revision: i64) -> User {
    let first = *dice.pick(&[
        "anna", "Maria", "marta", "Jan", "lara", "oskar", "ίνα", "pit",
    ]);
    let last = *dice.pick(&["berg", "lindqvist", "maar", "maas", "quist", "ø"]);
    let moment = Timestamp::from_milliseconds(i64::try_from(dice.below(400)).unwrap());
    let is_deleted = dice.below(20) == 0;
    let departments = (0..dice.below(3)).map(|index| DepartmentId(id(1 + index as u64)));
    User {
        id: UserId(id(number)),
        username: format!("{first}.{last}{}", dice.below(3_000)).into(),
        user_key: format!("K{number}").into(),
        external_id: (dice.below(2) == 0).then(|| format!("E{number}").into()),
        state: State::Active,
        profile: Profile::default(),
        departments: departments.collect(),
        created_at: moment,
        updated_at: moment,
        deleted_at: is_deleted.then_some(moment),
        held: None,
        revision,
    }
}

fn report(dice: &Dice) -> Report {
    // Crowded in some minutes, sparse over days, and often at the very same moment.
    let minutes = match dice.below(3) {
        0 => dice.below(12),
        _ => 10 * dice.below(2_000),
    };
    Report {
        user: UserId(id(100 + dice.below(PEOPLE) as u64)),
        channel: *dice.pick(&[Channel::Desktop, Channel::Web]),
        at: Timestamp::from_milliseconds(MINUTE_MS * i64::try_from(minutes).unwrap()),
    }
}

fn query(dice: &Dice) -> UserQuery {
    let moment =
        || Timestamp::from_milliseconds(MINUTE_MS * i64::try_from(dice.below(20_000)).unwrap());
    let mut query = UserQuery {
        sort: *dice.pick(&[
            UserSort::Username,
            UserSort::LastActivity,
            UserSort::CreatedAt,
        ]),
        order: *dice.pick(&[SortOrder::Ascending, SortOrder::Descending]),
        ..UserQuery::default()
    };
    // Alone, which has ways of its own, or several at once.
    for _ in 0..=dice.below(4) / 3 {
        match dice.below(5) {
            0 => {
                let letters = [
                    "a",
                    "q",
                    "z",
                    "ar",
                    "qv",
                    "maa",
                    "ø",
                    "ί",
                    ".",
                    "k1",
                    "lindqvist",
                ];
                query.q = Some((*dice.pick(&letters)).into());
            }
            1 => query.department = Some(DepartmentId(id(1 + dice.below(3) as u64))),
            2 => query.active_since = Some(moment()),
            3 => query.stale_since = Some(moment()),
            _ => {}
        }
    }
    query
}

/// Everybody as a list of records says it, in the query's order.
fn expected(image: &Image, people: &[UserId], query: &UserQuery) -> Vec<UserId> {
    let view = |id: &UserId| image.user_or_deleted(*id).unwrap();
    let mut matching: Vec<UserId> = people.to_vec();
    matching.retain(|id| {
        let user = view(id);
        let lower = |name: &str| name.to_lowercase();
        let seen_at = user.last_activity.at();
        user.deleted_at.is_none()
            && query.q.as_deref().is_none_or(|q| {
                lower(user.username).contains(q) || lower(user.user_key).contains(q)
            })
            && query.department.is_none_or(|id| {
                user.departments
                    .iter()
                    .any(|department| department.id == id)
            })
            && query
                .active_since
                .is_none_or(|since| seen_at >= Some(since))
            && query.stale_since.is_none_or(|since| seen_at < Some(since))
    });
    matching.sort_by(|one, other| {
        let (one, other) = (view(one), view(other));
        let by_key = match query.sort {
            UserSort::Username => one
                .username
                .to_lowercase()
                .cmp(&other.username.to_lowercase()),
            UserSort::LastActivity => one.last_activity.at().cmp(&other.last_activity.at()),
            UserSort::CreatedAt => one.created_at.cmp(&other.created_at),
        };
        let ordering: Ordering = by_key.then(one.id.cmp(&other.id));
        query.order.apply(ordering)
    });
    matching
}

/// The list, page by page from its beginning to its end, or a part of it.
fn walked(image: &Image, query: &UserQuery, size: usize, pages: usize) -> (Vec<UserId>, Vec<u64>) {
    let (mut met, mut counts, mut after) = (Vec::new(), Vec::new(), None);
    for _ in 0..pages {
        let page = image.list_users(query, after.as_ref(), size);
        met.extend(page.items.iter().map(|user| user.id));
        counts.push(page.total_count);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    (met, counts)
}

fn check(dice: &Dice, image: &Image, people: &[UserId]) {
    let query = query(dice);
    let expected = expected(image, people, &query);
    let size = *dice.pick(&[1, 7, 100, 700]);
    let (met, counts) = walked(image, &query, size, 12);
    assert!(
        counts.iter().all(|count| *count == expected.len() as u64),
        "{query:?}"
    );
    let shown = expected.len().min(12 * size);
    assert_eq!(met, expected[..shown], "{query:?}, {size} a page");
    let since = Timestamp::from_milliseconds(MINUTE_MS * 777);
    let active = people.iter().filter(|id| {
        image
            .user(**id)
            .is_some_and(|user| user.last_activity.at() >= Some(since))
    });
    assert_eq!(image.summary(since).active, active.count() as u64);
}

#[test]
fn lists_of_many_people_are_those_that_a_look_at_everybody_makes() {
    let dice = Dice::new(11);
    let people: Vec<u64> = (100..100 + PEOPLE as u64).collect();
    let mut image = Image::new(client(1));
    image.apply(Delta {
        number: 1,
        departments: (1..=3).map(department).collect(),
        users: people
            .iter()
            .map(|number| user(&dice, *number, 1))
            .collect(),
        ..Delta::default()
    });
    let ids: Vec<UserId> = people.iter().map(|number| UserId(id(*number))).collect();
    for round in 0..40 {
        let reports: Vec<Report> = (0..dice.below(90)).map(|_| report(&dice)).collect();
        image.apply_reports(1 + round, &reports);
        let number = 2 + round;
        let changed = (0..dice.below(200)).map(|_| *dice.pick(&people));
        image.apply(Delta {
            number,
            users: changed
                .map(|changed| user(&dice, changed, number))
                .collect(),
            ..Delta::default()
        });
        for _ in 0..4 {
            check(&dice, &image, &ids);
        }
    }
}

#[test]
fn a_walk_over_many_people_meets_who_is_renamed_once_and_under_the_old_name() {
    let dice = Dice::new(12);
    let mut image = Image::new(client(1));
    let people: Vec<User> = (0..3_000)
        .map(|number| User {
            deleted_at: None,
            held: None,
            ..user(&dice, number, 1)
        })
        .collect();
    image.apply(Delta {
        number: 1,
        users: people.clone(),
        ..Delta::default()
    });
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let query = UserQuery {
            order,
            ..UserQuery::default()
        };
        let ids: Vec<UserId> = people.iter().map(|user| user.id).collect();
        let expected = expected(&image, &ids, &query);
        let (mut met, mut after) = (Vec::new(), None);
        loop {
            let page = image.list_users(&query, after.as_ref(), 100);
            met.extend(page.items.iter().map(|user| user.id));
            after = page.next;
            if after.is_none() {
                break;
            }
            // Somebody of each page to come, and of each that was, moves to the other end.
            let renamed = dice.pick(&people);
            let before = image.user(renamed.id).unwrap().username.into();
            let number = image.number() + 1;
            image.apply(Delta {
                number,
                users: vec![User {
                    username: dice.pick(&["0", "~"]).to_owned().into(),
                    revision: number,
                    ..renamed.clone()
                }],
                renames: vec![Rename {
                    number,
                    user: renamed.id,
                    username: before,
                }],
                ..Delta::default()
            });
        }
        assert_eq!(met, expected);
    }
}
