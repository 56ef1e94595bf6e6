//! The days on which people were seen: late reports are about the day that they name, what is too old
//! goes, and of two who fold at once neither loses what the other wrote.

use std::sync::mpsc;

use rollcall::model::activity::{Channel, DaysSeen, Report};
use rollcall::model::days::{DAYS_KEPT, Day};
use rollcall::model::id::ClientId;
use rollcall::model::timestamp::Timestamp;
use rollcall::store::activity;
use rollcall::store::{Error, Tx};
use tokio::task::JoinSet;

use crate::world::{A, B, World, at, client_id, user_id};

contract! {
    the_days_of_the_log_and_the_table_are_known_in_whatever_order_they_come,
    days_that_are_too_old_are_not_kept,
    who_folds_at_once_loses_no_day,
    no_day_is_lost_between_many_who_fold_at_once,
}

/// The first day of those that are kept on the day of `at(0)`.
fn first_day() -> Day {
    Day::of(at(0)).first_kept()
}

/// Folds as a server does on that day.
fn fold(tx: &mut Tx<'_>, client: ClientId, keep_since: Timestamp) -> Result<usize, Error> {
    activity::fold(tx, client, keep_since, first_day())
}

/// A report that many days after the day of `at(0)`, at some time of it.
fn report_on(user: u64, channel: Channel, day: i64) -> Report {
    Report {
        user: user_id(user),
        channel,
        at: at(day * 86_400_000 + 1_234),
    }
}

/// How many days after the day of `at(0)` each of them is, the earliest first.
fn offsets(seen: &DaysSeen, channel: Channel) -> Vec<i32> {
    let days = seen.on(channel).iter();
    days.map(|day| day.since(Day::of(at(0)))).collect()
}

async fn the_days_of_the_log_and_the_table_are_known_in_whatever_order_they_come(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            let mut expected = Vec::new();
            for day in [-3, 0, -1, -399, -3, -20] {
                let reports = [
                    report_on(1, Channel::Web, day),
                    report_on(2, Channel::Web, -7),
                    report_on(1, Channel::Desktop, -5),
                ];
                activity::append(tx, client, &reports, at(0))?;
                expected.push(i32::try_from(day).unwrap());
                expected.sort_unstable();
                expected.dedup();
                for _before_and_after in 0..2 {
                    let seen = activity::days_of_user(tx, client, user_id(1))?;
                    assert_eq!(offsets(&seen, Channel::Web), expected);
                    assert_eq!(offsets(&seen, Channel::Desktop), [-5]);
                    fold(tx, client, at(99))?;
                }
            }
            let nobody = activity::days_of_user(tx, client, user_id(3))?;
            assert_eq!(nobody, DaysSeen::default());
            let anothers = activity::days_of_user(tx, client_id(B), user_id(1))?;
            assert_eq!(anothers, DaysSeen::default());
            Ok(())
        })
        .await;
}

async fn days_that_are_too_old_are_not_kept(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            let reports = [
                report_on(1, Channel::Web, -400),
                report_on(2, Channel::Web, -399),
                report_on(2, Channel::Web, -380),
                report_on(3, Channel::Desktop, -380),
                report_on(3, Channel::Web, 0),
            ];
            activity::append(tx, client, &reports, at(0))?;
            fold(tx, client, at(99))?;
            let web = |tx: &mut Tx<'_>, user| {
                let seen = activity::days_of_user(tx, client, user_id(user))?;
                Ok::<_, Error>(offsets(&seen, Channel::Web))
            };
            assert!(web(tx, 1)?.is_empty());
            assert_eq!(web(tx, 2)?, [-399, -380]);
            // The next fold of somebody forgets what became too old of them.
            activity::append(tx, client, &[report_on(2, Channel::Web, -370)], at(0))?;
            activity::fold(tx, client, at(99), first_day().plus(10))?;
            assert_eq!(web(tx, 2)?, [-380, -370]);
            // Whom nobody has seen since is found.
            let first = first_day().plus(25);
            assert_eq!(activity::long_unseen(tx, client, first, 1)?, [user_id(3)]);
            activity::forget_days(tx, client, &[user_id(3)], first)?;
            let seen = activity::days_of_user(tx, client, user_id(3))?;
            assert!(offsets(&seen, Channel::Desktop).is_empty());
            assert_eq!(offsets(&seen, Channel::Web), [0]);
            assert_eq!(activity::long_unseen(tx, client, first, 9)?, []);
            let first = first_day().plus(DAYS_KEPT);
            let unseen = activity::long_unseen(tx, client, first, 9)?;
            assert_eq!(unseen, [user_id(2), user_id(3)]);
            assert_eq!(activity::long_unseen(tx, client_id(B), first, 9)?, []);
            Ok(())
        })
        .await;
}

async fn who_folds_at_once_loses_no_day(world: &World) {
    let append = |day| {
        move |tx: &mut Tx<'_>| {
            let reports = [report_on(1, Channel::Web, day)];
            activity::append(tx, client_id(A), &reports, at(0))
        }
    };
    world.write(append(-9)).await;
    world.write(|tx| fold(tx, client_id(A), at(0))).await;
    world.write(append(-5)).await;
    let (told, has_folded) = tokio::sync::oneshot::channel();
    let told = parking_lot::Mutex::new(Some(told));
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = parking_lot::Mutex::new(wait);
    let another = world.another().await;
    let first = another.write(move |tx| {
        append(-3)(tx)?;
        fold(tx, client_id(A), at(0))?;
        if let Some(told) = told.lock().take() {
            told.send(()).unwrap();
        }
        wait.lock().recv().expect("the test lets it go on");
        Ok::<(), Error>(())
    });
    // It has read the log without the latest entry, and the row without two days.
    let late = world.store.write(|tx| fold(tx, client_id(A), at(0)));
    let begin = async {
        has_folded.await.unwrap();
        let waits = async {
            world.until_one_waits().await;
            go_on.send(()).unwrap();
        };
        tokio::join!(biased; late, waits).0
    };
    let (first, late) = tokio::join!(first, begin);
    first.unwrap();
    late.unwrap();
    let seen = world
        .read(|tx| activity::days_of_user(tx, client_id(A), user_id(1)))
        .await;
    assert_eq!(offsets(&seen, Channel::Web), [-9, -5, -3]);
}

async fn no_day_is_lost_between_many_who_fold_at_once(world: &World) {
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let store = world.another().await;
        tasks.spawn(async move {
            for _ in 0..30 {
                let fold = |tx: &mut Tx<'_>| fold(tx, client_id(A), at(99));
                store.write(fold).await.unwrap();
            }
        });
    }
    for day in -60..=0 {
        let reports: Vec<Report> = (1..=5)
            .map(|user| report_on(user, Channel::Desktop, day))
            .collect();
        let append = move |tx: &mut Tx<'_>| activity::append(tx, client_id(A), &reports, at(0));
        world.write(append).await;
    }
    tasks.join_all().await;
    for user in 1..=5 {
        let days = move |tx: &mut Tx<'_>| activity::days_of_user(tx, client_id(A), user_id(user));
        let seen = world.read(days).await;
        assert!(offsets(&seen, Channel::Desktop).into_iter().eq(-60..=0));
    }
}
