//! Deactivating people whom nobody has seen for long.

use rollcall::model::activity::Channel::{Desktop, Web};
use rollcall::model::field::Field;
use rollcall::model::id::UserId;
use rollcall::model::user::State;
use rollcall::operations::error::Error;
use rollcall::operations::import::{self, Format};
use rollcall::operations::overview::SILENT_AFTER_MS;
use rollcall::operations::precondition::Precondition;
use rollcall::operations::provenance::{self, PinChange};
use rollcall::operations::stale::{self, Deactivated, Span, Threshold};
use rollcall::operations::users;
use rollcall::store::changes;

use crate::support::databases::Backend;
use crate::world::{AMPLE, DAY_MS, World, see};

on_both! {
    threads = 1:
    who_was_not_seen_for_as_long_as_the_threshold_says_is_deactivated,
    while_agents_are_silent_nobody_is_deactivated,
    who_is_seen_meanwhile_stays_active,
    a_pinned_state_keeps_nobody_active,
    so_many_are_deactivated_by_one_call,
    who_was_deactivated_is_active_again_but_for_whom_somebody_changed,
}

fn days(days: u32) -> Threshold {
    Threshold::of_days(days).unwrap()
}

/// How many would be deactivated, and the usernames of the first.
async fn previewed(world: &World, threshold: u32) -> (usize, Vec<String>) {
    let access = world.access(0);
    let preview = stale::preview(&world.app, &access, days(threshold), |preview| {
        let first = preview.first.iter().map(|user| user.username.to_owned());
        (preview.count, first.collect())
    });
    preview.await.unwrap()
}

async fn deactivate(world: &World, threshold: u32) -> Result<Deactivated, Error> {
    stale::deactivate(&world.app, &world.access(0), days(threshold)).await
}

async fn state(world: &World, user: UserId) -> State {
    let access = world.access(0);
    let get = users::get(&world.app, &access, user, |user| user.state);
    get.await.unwrap()
}

async fn who_was_not_seen_for_as_long_as_the_threshold_says_is_deactivated(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let never = world.create(0, "never").await;
    let once = world.create(0, "once").await;
    let often = world.create(0, "often").await;
    let gone = world.create(0, "gone").await;
    world.delete(gone).await;
    world.clock.advance(1);
    world.see(once, Web).await;
    world.clock.advance(7 * DAY_MS - 1);
    let new = world.create(0, "new").await;
    world.see(often, Web).await;
    assert_eq!(previewed(&world, 7).await, (0, vec![]));
    world.clock.advance(1);
    assert_eq!(previewed(&world, 7).await, (1, vec!["never".to_owned()]));
    world.clock.advance(1);
    let both = vec!["never".to_owned(), "once".to_owned()];
    assert_eq!(previewed(&world, 7).await, (2, both));
    assert_eq!(previewed(&world, 8).await, (0, vec![]));
    let client = world.access(0).client();
    let log = async |since| {
        let page = world
            .beside
            .read(move |tx| changes::page(tx, client, since, 99));
        page.await.unwrap()
    };
    let before = log(0).await.last().unwrap().number;
    let mut done = deactivate(&world, 7).await.unwrap();
    done.users.sort();
    let mut expected = vec![never, once];
    expected.sort();
    assert_eq!((&done.users, done.remaining), (&expected, 0));
    for (user, expected) in [
        (never, State::Inactive),
        (once, State::Inactive),
        (often, State::Active),
        (new, State::Active),
    ] {
        assert_eq!(state(&world, user).await, expected);
    }
    let logged = log(before).await;
    assert_eq!(logged.len(), 2);
    for change in logged {
        assert_eq!(change.action, "updated");
        assert_eq!(change.source, "command_line");
        assert_eq!(
            change.detail,
            r#"{"state":{"from":"ACTIVE","to":"INACTIVE"}}"#
        );
    }
    // Who is inactive is not found again.
    assert_eq!(previewed(&world, 7).await, (0, vec![]));
    let again = deactivate(&world, 7).await.unwrap();
    assert_eq!(
        again,
        Deactivated {
            users: vec![],
            changes: None,
            remaining: 0
        }
    );
    assert!(Threshold::of_days(6).is_err());
}

async fn while_agents_are_silent_nobody_is_deactivated(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let (anna, bert) = (world.create(0, "anna").await, world.create(0, "bert").await);
    world.clock.advance(8 * DAY_MS);
    let refused = deactivate(&world, 7).await.unwrap_err();
    assert_eq!(
        refused,
        Error::Degraded(
            "Who is stale cannot be told: no agent has ever reported anybody".to_owned()
        )
    );
    world.see(anna, Desktop).await;
    world.clock.advance(SILENT_AFTER_MS + 1);
    world.see(anna, Web).await;
    let refused = deactivate(&world, 7).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Who is stale cannot be told: the desktop agents have been silent since \
         2023-11-22T22:13:20.000Z"
    );
    let access = world.access(0);
    let preview = stale::preview(&world.app, &access, days(7), |preview| {
        (preview.count, preview.coverage.is_degraded)
    });
    assert_eq!(preview.await.unwrap(), (1, true), "it can be looked at");
    assert_eq!(state(&world, bert).await, State::Active);
    world.see(anna, Desktop).await;
    assert_eq!(deactivate(&world, 7).await.unwrap().users, [bert]);
}

async fn who_is_seen_meanwhile_stays_active(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let (anna, bert) = (world.create(0, "anna").await, world.create(0, "bert").await);
    let cleo = world.create(0, "cleo").await;
    world.clock.advance(8 * DAY_MS);
    world.see(anna, Web).await;
    assert_eq!(previewed(&world, 7).await.0, 2);
    // Through another node, of which this one has not heard.
    let another = world.another_app().await;
    see(&another, &world.access(0), bert, Web).await;
    assert_eq!(previewed(&world, 7).await.0, 2);
    assert_eq!(deactivate(&world, 7).await.unwrap().users, [cleo]);
    assert_eq!(state(&world, bert).await, State::Active);
}

async fn a_pinned_state_keeps_nobody_active(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let (anna, bert) = (world.create(0, "anna").await, world.create(0, "bert").await);
    let mut change = PinChange::default();
    let state_field = Field::parse("profile.state").unwrap();
    change.want(state_field, true).unwrap();
    let access = world.access(0);
    let pin = provenance::pin(&world.app, &access, bert, change, Precondition::None);
    pin.await.unwrap();
    world.clock.advance(8 * DAY_MS);
    world.see(anna, Web).await;
    assert_eq!(deactivate(&world, 7).await.unwrap().users, [bert]);
    let known = provenance::get(&world.app, &access, bert).await.unwrap();
    let pinned = known.fields.iter().filter(|known| known.is_pinned);
    assert!(pinned.map(|known| known.field).eq([state_field]));
}

async fn so_many_are_deactivated_by_one_call(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let anna = world.create(0, "anna").await;
    let lines = (0..1_050)
        .map(|number| format!("{{\"user_key\":\"u{number:04}\",\"username\":\"u{number:04}\"}}\n"));
    let (file, access) = (lines.collect::<String>(), world.access(0));
    let file = std::io::Cursor::new(file.into_bytes());
    let totals = import::import(&world.app, &access, file, Format::Jsonl, false, |_| ()).await;
    assert_eq!(totals.unwrap().created, 1_050);
    world.clock.advance(8 * DAY_MS);
    world.see(anna, Web).await;
    let (count, first) = previewed(&world, 7).await;
    assert_eq!(
        (count, first.len(), first[49].as_str()),
        (1_050, 50, "u0049")
    );
    let done = deactivate(&world, 7).await.unwrap();
    assert_eq!((done.users.len(), done.remaining), (1_000, 50));
    let done = deactivate(&world, 7).await.unwrap();
    assert_eq!((done.users.len(), done.remaining), (50, 0));
}

async fn who_was_deactivated_is_active_again_but_for_whom_somebody_changed(on: Backend) {
    let world = World::new(on, 2, AMPLE).await;
    let (anna, bert) = (world.create(0, "anna").await, world.create(0, "bert").await);
    let (cleo, dora) = (world.create(0, "cleo").await, world.create(0, "dora").await);
    world.clock.advance(8 * DAY_MS);
    world.see(dora, Web).await;
    let span = deactivate(&world, 7).await.unwrap().changes.unwrap();
    assert_eq!(span.last() - span.first(), 2);
    // Somebody is needed after all, and somebody else is gone for good.
    let access = world.access(0);
    let patch = serde_json::from_str(r#"{"state":"ACTIVE"}"#).unwrap();
    let any = Precondition::None;
    let activated = users::patch_profile(&world.app, &access, anna, patch, None, any).await;
    activated.unwrap();
    world.delete(cleo).await;
    let done = stale::done(&world.app, &access, span).await.unwrap();
    let done: Vec<_> = done
        .iter()
        .map(|done| (&*done.username, done.is_inactive))
        .collect();
    assert_eq!(done, [("anna", false), ("bert", true), ("cleo", false)]);
    // Another's numbers are about others.
    let other = world.access(1);
    assert_eq!(stale::done(&world.app, &other, span).await.unwrap(), []);
    assert_eq!(stale::reactivate(&world.app, &other, span).await, Ok(0));
    assert_eq!(stale::reactivate(&world.app, &access, span).await, Ok(1));
    assert_eq!(state(&world, bert).await, State::Active);
    assert_eq!(stale::reactivate(&world.app, &access, span).await, Ok(0));
    let get = users::get_or_deleted(&world.app, &access, cleo, |user| user.state);
    assert_eq!(get.await, Ok(State::Inactive));
    assert!(Span::of(0, 1).is_err() && Span::of(2, 1).is_err() && Span::of(1, 20_001).is_err());
}
