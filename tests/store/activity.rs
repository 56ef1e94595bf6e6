//! The activity log and its table: nothing moves a time back, and nothing is lost between them.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use rollcall::model::activity::{Channel, LastActivity, Report};
use rollcall::model::days::Day;
use rollcall::model::id::ClientId;
use rollcall::model::timestamp::Timestamp;
use rollcall::store::activity::{self, Numbers};
use rollcall::store::clients::{self, Latest};
use rollcall::store::{Error, Tx};
use tokio::task::JoinSet;

use crate::world::{A, B, World, at, client_id, user_id};

contract! {
    reports_are_logged_under_numbers_without_gaps,
    reports_are_read_as_they_were_written,
    a_users_activity_is_the_latest_of_the_log_and_the_table,
    folding_moves_no_time_back,
    folding_again_changes_nothing,
    one_channel_leaves_the_other_as_it_was,
    folding_keeps_what_others_may_still_read,
    only_so_many_entries_are_taken_out_that_are_folded_and_old,
    the_log_is_read_in_parts,
    activity_of_two_clients_never_meets,
    how_far_each_client_has_come_is_one_question,
    who_takes_a_number_has_the_turn_until_the_transaction_ends,
    what_many_fold_at_once_is_folded_and_never_goes_back,
    who_folds_late_takes_nothing_back,
}

/// Folds as a server does on the day of `at(0)`.
fn fold(tx: &mut Tx<'_>, client: ClientId, keep_since: Timestamp) -> Result<usize, Error> {
    activity::fold(tx, client, keep_since, Day::of(at(0)).first_kept())
}

fn report(user: u64, channel: Channel, milliseconds: i64) -> Report {
    Report {
        user: user_id(user),
        channel,
        at: at(milliseconds),
    }
}

fn seen(desktop: Option<i64>, web: Option<i64>) -> LastActivity {
    LastActivity {
        desktop_at: desktop.map(at),
        web_at: web.map(at),
    }
}

/// What the table holds of a user, without the log.
fn folded(tx: &mut Tx<'_>, client: u64, user: u64) -> Result<Option<LastActivity>, Error> {
    let mut found = None;
    activity::each(tx, client_id(client), |id, activity| {
        if id == user_id(user) {
            found = Some(activity);
        }
        Ok::<(), Error>(())
    })?;
    Ok(found)
}

async fn reports_are_logged_under_numbers_without_gaps(world: &World) {
    let unknown = world.read(|tx| activity::numbers(tx, client_id(A))).await;
    assert_eq!(unknown, Numbers::default());
    for number in 1..=3 {
        let given = world
            .write(|tx| activity::append(tx, client_id(A), &[report(1, Channel::Web, 1)], at(0)))
            .await;
        assert_eq!(given, number);
    }
    let failed: Result<(), Error> = world
        .store
        .write(|tx| {
            activity::append(tx, client_id(A), &[], at(0))?;
            Err(Error::Failed("no".to_owned()))
        })
        .await;
    assert!(failed.is_err());
    let number = world
        .write(|tx| activity::append(tx, client_id(A), &[], at(0)))
        .await;
    assert_eq!(number, 4);
    let (numbers, unfolded) = world
        .read(|tx| {
            Ok((
                activity::numbers(tx, client_id(A))?,
                activity::unfolded_clients(tx)?,
            ))
        })
        .await;
    assert_eq!((numbers.latest, numbers.folded), (4, 0));
    assert_eq!(unfolded, [client_id(A)]);
}

async fn reports_are_read_as_they_were_written(world: &World) {
    let first = vec![
        report(1, Channel::Desktop, 5),
        report(2, Channel::Web, -3_000_000_000_000),
    ];
    let second = vec![report(1, Channel::Desktop, 4)];
    let written = [first.clone(), Vec::new(), second.clone()];
    world
        .write(move |tx| {
            for reports in &written {
                activity::append(tx, client_id(A), reports, at(0))?;
            }
            Ok(())
        })
        .await;
    let (all, later) = world
        .read(|tx| {
            Ok((
                activity::logged_since(tx, client_id(A), 0)?,
                activity::logged_since(tx, client_id(A), 2)?,
            ))
        })
        .await;
    assert_eq!(all, [(1, first), (2, Vec::new()), (3, second.clone())]);
    assert_eq!(later, [(3, second)]);
}

async fn a_users_activity_is_the_latest_of_the_log_and_the_table(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            activity::append(tx, client, &[report(1, Channel::Desktop, 50)], at(0))?;
            fold(tx, client, at(0))?;
            let reports = [report(1, Channel::Desktop, 40), report(1, Channel::Web, 30)];
            activity::append(tx, client, &reports, at(0))?;
            let known = activity::of_user(tx, client, user_id(1))?;
            assert_eq!(known, seen(Some(50), Some(30)));
            assert_eq!(folded(tx, A, 1)?, Some(seen(Some(50), None)));
            assert_eq!(activity::of_user(tx, client, user_id(2))?, seen(None, None));
            Ok(())
        })
        .await;
}

async fn folding_moves_no_time_back(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            for (moment, latest) in [(50, 50), (40, 50), (60, 60), (60, 60), (-1, 60)] {
                for channel in [Channel::Desktop, Channel::Web] {
                    activity::append(tx, client, &[report(1, channel, moment)], at(0))?;
                }
                assert_eq!(fold(tx, client, at(0))?, 1);
                let expected = seen(Some(latest), Some(latest));
                assert_eq!(folded(tx, A, 1)?, Some(expected));
            }
            Ok(())
        })
        .await;
}

async fn folding_again_changes_nothing(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            let reports = [report(1, Channel::Web, 9), report(2, Channel::Desktop, 8)];
            activity::append(tx, client, &reports, at(0))?;
            assert_eq!(fold(tx, client, at(0))?, 2);
            assert_eq!(fold(tx, client, at(0))?, 0);
            assert_eq!(activity::unfolded_clients(tx)?, []);
            let numbers = activity::numbers(tx, client)?;
            assert_eq!((numbers.latest, numbers.folded), (1, 1));
            assert_eq!(folded(tx, A, 1)?, Some(seen(None, Some(9))));
            assert_eq!(folded(tx, A, 2)?, Some(seen(Some(8), None)));
            assert_eq!(fold(tx, client_id(B), at(0))?, 0);
            assert_eq!(activity::numbers(tx, client_id(B))?, Numbers::default());
            Ok(())
        })
        .await;
}

async fn one_channel_leaves_the_other_as_it_was(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            activity::append(tx, client, &[report(1, Channel::Web, 9)], at(0))?;
            fold(tx, client, at(0))?;
            activity::append(tx, client, &[report(1, Channel::Desktop, 3)], at(0))?;
            fold(tx, client, at(0))?;
            assert_eq!(folded(tx, A, 1)?, Some(seen(Some(3), Some(9))));
            activity::append(tx, client, &[report(1, Channel::Web, 10)], at(0))?;
            fold(tx, client, at(0))?;
            assert_eq!(folded(tx, A, 1)?, Some(seen(Some(3), Some(10))));
            Ok(())
        })
        .await;
}

async fn folding_keeps_what_others_may_still_read(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            for moment in [10, 20, 30] {
                activity::append(tx, client, &[report(1, Channel::Web, moment)], at(moment))?;
            }
            fold(tx, client, at(20))?;
            let kept = activity::logged_since(tx, client, 0)?;
            let kept: Vec<i64> = kept.into_iter().map(|(number, _)| number).collect();
            assert_eq!(kept, [2, 3], "what was written at 20 is not before 20");
            assert_eq!(
                activity::of_user(tx, client, user_id(1))?,
                seen(None, Some(30))
            );
            fold(tx, client, at(99))?;
            assert_eq!(activity::logged_since(tx, client, 0)?, []);
            let next = activity::append(tx, client, &[], at(99))?;
            assert_eq!(next, 4, "what was taken out never comes again");
            Ok(())
        })
        .await;
}

async fn only_so_many_entries_are_taken_out_that_are_folded_and_old(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            for moment in [10, 20, 30, 40] {
                activity::append(tx, client, &[report(1, Channel::Web, moment)], at(moment))?;
            }
            fold(tx, client, at(0))?;
            // Old, as by a clock that was set back, but not folded.
            activity::append(tx, client, &[report(1, Channel::Web, 5)], at(5))?;
            activity::append(tx, client_id(B), &[], at(5))?;
            fold(tx, client_id(B), at(0))?;
            for (count, taken, left) in [
                (2, 2, vec![3, 4, 5]),
                (9, 1, vec![4, 5]),
                (9, 0, vec![4, 5]),
            ] {
                assert_eq!(activity::prune(tx, client, at(40), count)?, taken);
                let kept = activity::logged_since(tx, client, 0)?;
                let kept: Vec<i64> = kept.into_iter().map(|(number, _)| number).collect();
                assert_eq!(kept, left);
            }
            assert_eq!(activity::logged_since(tx, client_id(B), 0)?.len(), 1);
            let mut logging = activity::logging_clients(tx, at(6))?;
            logging.sort();
            assert_eq!(logging, [client, client_id(B)]);
            assert_eq!(activity::logging_clients(tx, at(5))?, []);
            Ok(())
        })
        .await;
}

async fn the_log_is_read_in_parts(world: &World) {
    world
        .write(|tx| {
            let client = client_id(A);
            for moment in 1..=5 {
                activity::append(tx, client, &[report(1, Channel::Web, moment)], at(0))?;
            }
            let part = activity::logged(tx, client, 1, 3)?;
            let expected = [2, 3, 4].map(|number| (number, vec![report(1, Channel::Web, number)]));
            assert_eq!(part, expected);
            Ok(())
        })
        .await;
}

async fn activity_of_two_clients_never_meets(world: &World) {
    world
        .write(|tx| {
            let (a, b) = (client_id(A), client_id(B));
            activity::append(tx, a, &[report(1, Channel::Web, 10)], at(0))?;
            activity::append(tx, b, &[report(1, Channel::Web, 20)], at(0))?;
            assert_eq!(activity::of_user(tx, a, user_id(1))?, seen(None, Some(10)));
            fold(tx, b, at(99))?;
            assert_eq!(activity::unfolded_clients(tx)?, [a]);
            assert_eq!(activity::logged_since(tx, a, 0)?.len(), 1);
            assert_eq!(folded(tx, A, 1)?, None);
            fold(tx, a, at(99))?;
            assert_eq!(folded(tx, A, 1)?, Some(seen(None, Some(10))));
            assert_eq!(folded(tx, B, 1)?, Some(seen(None, Some(20))));
            assert_eq!(activity::numbers(tx, a)?.latest, 1);
            Ok(())
        })
        .await;
}

async fn how_far_each_client_has_come_is_one_question(world: &World) {
    assert_eq!(world.read(clients::latest).await, []);
    world.with_two_clients().await;
    world
        .write(|tx| {
            clients::set_change_number(tx, client_id(B), 7)?;
            activity::append(tx, client_id(B), &[], at(0))?;
            activity::append(tx, client_id(B), &[], at(0))?;
            // Of a client that does not exist nobody is told.
            activity::append(tx, client_id(0xc), &[], at(0)).map(drop)
        })
        .await;
    let mut latest = world.read(clients::latest).await;
    latest.sort_by_key(|latest| latest.client);
    let of = |client, change, activity| Latest {
        client: client_id(client),
        change,
        activity,
    };
    assert_eq!(latest, [of(A, 1, 0), of(B, 7, 2)]);
}

async fn who_takes_a_number_has_the_turn_until_the_transaction_ends(world: &World) {
    let (told, has_turn) = tokio::sync::oneshot::channel();
    let told = parking_lot::Mutex::new(Some(told));
    let (next, is_next) = mpsc::channel::<()>();
    let is_next = parking_lot::Mutex::new(is_next);
    let another = world.another().await;
    let first = world.store.write(move |tx| {
        let number = activity::next_number(tx, client_id(A))?;
        if let Some(told) = told.lock().take() {
            told.send(()).unwrap();
        }
        // The other is given time to be wrong.
        let early = is_next.lock().recv_timeout(Duration::from_millis(300));
        assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
        let reports = [report(1, Channel::Web, 1)];
        activity::insert(tx, client_id(A), number, &reports, at(0))?;
        Ok::<_, Error>(number)
    });
    let second = async {
        has_turn.await.unwrap();
        let reports = [report(1, Channel::Web, 2)];
        let append = another.write(move |tx| activity::append(tx, client_id(A), &reports, at(0)));
        let number = append.await.unwrap();
        let _nobody_waits = next.send(());
        number
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.unwrap(), second), (1, 2));
    let log = world
        .read(|tx| activity::logged_since(tx, client_id(A), 0))
        .await;
    let numbers: Vec<i64> = log.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2]);
}

async fn what_many_fold_at_once_is_folded_and_never_goes_back(world: &World) {
    let stores = [
        Arc::new(world.another().await),
        Arc::new(world.another().await),
    ];
    let mut tasks = JoinSet::new();
    for (index, store) in stores.iter().enumerate() {
        for _ in 0..2 {
            let store = Arc::clone(store);
            // One of each pair takes out of the log what it folded.
            let keep_since = at(if index == 0 { 0 } else { 99 });
            tasks.spawn(async move {
                for _ in 0..30 {
                    let fold = move |tx: &mut Tx<'_>| fold(tx, client_id(A), keep_since);
                    store.write(fold).await.unwrap();
                }
            });
        }
    }
    let mut before = Numbers::default();
    for moment in 1..=60 {
        // Of several people, so that two who fold meet at more than one row.
        let reports: Vec<Report> = (1..=5)
            .map(|user| report(user, Channel::Web, moment))
            .collect();
        let append = move |tx: &mut Tx<'_>| activity::append(tx, client_id(A), &reports, at(0));
        world.write(append).await;
        let known = |tx: &mut Tx<'_>| {
            let known = activity::of_user(tx, client_id(A), user_id(3))?;
            Ok((activity::numbers(tx, client_id(A))?, known))
        };
        let (numbers, known) = world.read(known).await;
        assert_eq!(known, seen(None, Some(moment)));
        assert!(numbers.folded >= before.folded, "{numbers:?}, {before:?}");
        before = numbers;
        // A write meets what others commit between its statements.
        let known = world.write(|tx| activity::of_user(tx, client_id(A), user_id(3)));
        assert_eq!(known.await, seen(None, Some(moment)));
    }
    tasks.join_all().await;
}

async fn who_folds_late_takes_nothing_back(world: &World) {
    let reports = |moment| [report(1, Channel::Web, moment)];
    let old = reports(50);
    let append = move |tx: &mut Tx<'_>| activity::append(tx, client_id(A), &old, at(0));
    world.write(append).await;
    let (told, has_folded) = tokio::sync::oneshot::channel();
    let told = parking_lot::Mutex::new(Some(told));
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = parking_lot::Mutex::new(wait);
    let another = world.another().await;
    let first = another.write(move |tx| {
        activity::append(tx, client_id(A), &reports(60), at(0))?;
        fold(tx, client_id(A), at(0))?;
        if let Some(told) = told.lock().take() {
            told.send(()).unwrap();
        }
        wait.lock().recv().expect("the test lets it go on");
        Ok::<(), Error>(())
    });
    // It has read the log without the latest entry when it comes to the person's row.
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
    let (numbers, table) = world
        .read(|tx| Ok((activity::numbers(tx, client_id(A))?, folded(tx, A, 1)?)))
        .await;
    assert_eq!((numbers.latest, numbers.folded), (2, 2));
    assert_eq!(table, Some(seen(None, Some(60))));
}
