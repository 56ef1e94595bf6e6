//! Walks from page to page: whoever is there throughout is met exactly once, and nobody twice,
//! whatever is written meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rollcall::model::id::UserId;
use rollcall::model::page::{SortOrder, UserQuery, UserSort};
use rollcall::operations::precondition::Precondition;
use rollcall::operations::{gateway, housekeeping, users};
use tokio::sync::watch;

use crate::support::Dice;
use crate::support::databases::Backend;
use crate::world::{AMPLE, NONE, World};

on_both! {
    threads = 2:
    a_walk_by_username_meets_everybody_once,
    a_walk_by_username_backwards_meets_everybody_once,
    a_walk_by_creation_meets_everybody_once,
    a_walk_by_creation_backwards_meets_everybody_once,
    a_walk_through_the_gateway_meets_everybody_once,
    a_walk_goes_on_at_a_node_that_has_not_looked_for_news_yet,
}

/// How many are there throughout; others come and go.
const STEADY: usize = 120;
const PAGE: usize = 7;
/// Walks one after the other.
const WALKS: usize = 3;

/// Writes without pause until told to stop, and counts.
async fn write_on(
    world: Arc<World>,
    steady: Vec<UserId>,
    stop: Arc<AtomicBool>,
    count: watch::Sender<u64>,
) {
    let dice = Dice::new(9);
    let mut fleeting: Vec<(UserId, String)> = Vec::new();
    let mut deleted: Vec<String> = Vec::new();
    let access = world.access(0);
    for number in 0.. {
        world.clock.advance(i64::try_from(dice.below(3)).unwrap());
        let name = format!("{}{number}", dice.pick(&["a", "m", "z", "Δ", "Z"]));
        match dice.below(6) {
            0 | 1 => fleeting.push((world.create(0, &name).await, name)),
            2 if !fleeting.is_empty() => {
                let (user, key) = fleeting.swap_remove(dice.below(fleeting.len()));
                let deleting = users::delete(&world.app, &access, user, Precondition::None);
                deleting.await.unwrap();
                deleted.push(key);
            }
            3 if !deleted.is_empty() => {
                // Provisioned again, under the same id and another name.
                let key = deleted.swap_remove(dice.below(deleted.len()));
                let mut new = rollcall::model::user::NewUser::of_key(key.as_str().into());
                new.username = name.as_str().into();
                users::create(&world.app, &access, new, None).await.unwrap();
            }
            _ => {
                world.rename_beside(*dice.pick(&steady), &name).await;
                housekeeping::poll(&world.app).await.unwrap();
            }
        }
        count.send_modify(|count| *count += 1);
        if stop.load(Ordering::SeqCst) {
            return;
        }
    }
}

/// A walk's next page: whom it met, and whether it goes on.
trait Walk {
    async fn next(&mut self, world: &World) -> (Vec<UserId>, bool);
}

struct ListWalk {
    query: UserQuery,
    after: Option<rollcall::model::page::Position>,
}

impl Walk for ListWalk {
    async fn next(&mut self, world: &World) -> (Vec<UserId>, bool) {
        let after = self.after.take();
        let access = world.access(0);
        let page = users::list(
            &world.app,
            &access,
            &self.query,
            after.as_ref(),
            PAGE,
            |page| {
                let ids: Vec<UserId> = page.items.iter().map(|user| user.id).collect();
                (ids, page.next)
            },
        );
        let (ids, next) = page.await.unwrap();
        self.after = next;
        (ids, self.after.is_some())
    }
}

struct GatewayWalk(Option<UserId>);

impl Walk for GatewayWalk {
    async fn next(&mut self, world: &World) -> (Vec<UserId>, bool) {
        let access = world.access(0);
        let page = gateway::list(&world.app, &access, None, self.0, PAGE, |users, next| {
            (users.iter().map(|user| user.id).collect(), next)
        });
        let (ids, next) = page.await.unwrap();
        self.0 = next;
        (ids, next.is_some())
    }
}

/// Walks while another task writes, at least once between any two pages.
async fn check<W: Walk>(on: Backend, budget: usize, begin: impl Fn() -> W) {
    let world = World::new(on, 2, budget).await;
    let mut steady = Vec::new();
    for number in 0..STEADY {
        let letter = ["b", "Q", "ü"][number % 3];
        steady.push(world.create(0, &format!("{letter}{number}")).await);
        world.clock.advance(i64::try_from(number % 2).unwrap());
    }
    let (count, mut written) = watch::channel(0);
    let stop = Arc::new(AtomicBool::new(false));
    let writing = write_on(Arc::clone(&world), steady.clone(), Arc::clone(&stop), count);
    let writer = tokio::spawn(writing);
    for _ in 0..WALKS {
        let mut met: HashMap<UserId, usize> = HashMap::new();
        let mut walk = begin();
        loop {
            written.changed().await.unwrap();
            let (ids, goes_on) = walk.next(&world).await;
            for id in ids {
                *met.entry(id).or_default() += 1;
            }
            if !goes_on {
                break;
            }
            if budget == NONE {
                // Another client's load lets this one's image go.
                users::summary(&world.app, &world.access(1), 1)
                    .await
                    .unwrap();
            }
        }
        let twice: Vec<_> = met.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "met more than once: {twice:?}");
        let missed: HashSet<_> = steady.iter().filter(|id| !met.contains_key(id)).collect();
        assert!(missed.is_empty(), "not met: {missed:?}");
    }
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

fn list(sort: UserSort, order: SortOrder) -> impl Fn() -> ListWalk {
    move || ListWalk {
        query: UserQuery {
            sort,
            order,
            ..UserQuery::default()
        },
        after: None,
    }
}

async fn a_walk_by_username_meets_everybody_once(on: Backend) {
    check(on, AMPLE, list(UserSort::Username, SortOrder::Ascending)).await;
}

async fn a_walk_by_username_backwards_meets_everybody_once(on: Backend) {
    check(on, NONE, list(UserSort::Username, SortOrder::Descending)).await;
}

async fn a_walk_by_creation_meets_everybody_once(on: Backend) {
    check(on, NONE, list(UserSort::CreatedAt, SortOrder::Ascending)).await;
}

async fn a_walk_by_creation_backwards_meets_everybody_once(on: Backend) {
    check(on, AMPLE, list(UserSort::CreatedAt, SortOrder::Descending)).await;
}

async fn a_walk_through_the_gateway_meets_everybody_once(on: Backend) {
    check(on, AMPLE, || GatewayWalk(None)).await;
}

async fn a_walk_goes_on_at_a_node_that_has_not_looked_for_news_yet(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let other = world.another_app().await;
    let access = world.access(0);
    let mut made = Vec::new();
    for name in ["b", "c", "z"] {
        made.push(world.create(0, name).await);
    }
    let query = UserQuery::default();
    // Both have an image; then only one of them learns of the rename.
    for app in [&world.app, &other] {
        let count = users::list(app, &access, &query, None, 9, |page| page.total_count);
        assert_eq!(count.await.unwrap(), 3);
    }
    world.rename_beside(made[2], "a").await;
    housekeeping::poll(&world.app).await.unwrap();
    let (first, next) = users::list(&world.app, &access, &query, None, 1, |page| {
        (page.items[0].id, page.next)
    })
    .await
    .unwrap();
    assert_eq!(first, made[2]);
    let rest = users::list(&other, &access, &query, next.as_ref(), 9, |page| {
        page.items.iter().map(|user| user.id).collect::<Vec<_>>()
    });
    assert_eq!(rest.await.unwrap(), made[..2]);
}
