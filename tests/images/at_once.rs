//! Three nodes that write at the same time, over the same few people: whoever wins, in the end every
//! image is what a fresh load is.

use rollcall::model::activity::Channel;
use rollcall::model::department::NewDepartment;
use rollcall::model::id::{DepartmentId, UserId};
use rollcall::model::page::UserQuery;
use rollcall::model::user::NewUser;
use rollcall::operations::activity::{SentReport, Subject, report};
use rollcall::operations::app::App;
use rollcall::operations::departments::{self, Membership};
use rollcall::operations::error::Error;
use rollcall::operations::precondition::Precondition;
use rollcall::operations::write::Done;
use rollcall::operations::{housekeeping, users};
use serde_json::{Map, json};

use crate::compare;
use crate::steps::NAMES;
use crate::support::Dice;
use crate::support::databases::Backend;
use crate::world::World;

on_both! {
    threads = 2:
    three_nodes_that_write_at_once_end_with_equal_images,
}

const NODES: usize = 3;
const WRITES: usize = 120;

/// Whoever is refused was too late, or is told of what another has just changed.
fn lenient<T>(result: Result<T, Error>) {
    match result.err() {
        None | Some(Error::NotFound(..) | Error::Conflict(_) | Error::Invalid(_)) => {}
        Some(error) => panic!("{error}"),
    }
}

async fn everybody(app: &App, world: &World, client: usize) -> Vec<UserId> {
    let (query, access) = (UserQuery::default(), world.access(client));
    let ids = users::list(app, &access, &query, None, 500, |page| {
        page.items.iter().map(|user| user.id).collect()
    });
    ids.await.unwrap()
}

/// One random write through one node, to one of two clients.
async fn write(world: &World, app: &App, dice: &Dice, departments: &[DepartmentId]) {
    let client = dice.below(2);
    let access = world.access(client);
    let people = everybody(app, world, client).await;
    let name = format!("{}{}", dice.pick(&NAMES), dice.below(3));
    if people.is_empty() || dice.below(3) == 0 {
        let mut new = NewUser::of_key(name.as_str().into());
        new.external_id = (dice.below(2) == 0).then(|| format!("E{}", dice.below(9)).into());
        return lenient(users::create(app, &access, new, None).await);
    }
    let user = *dice.pick(&people);
    match dice.below(7) {
        0 => lenient(users::delete(app, &access, user, Precondition::None).await),
        1 => {
            lenient(users::delete(app, &access, user, Precondition::None).await);
            lenient(users::restore(app, &access, user, None).await);
        }
        2 => {
            let of_client = departments[client];
            let sent = if dice.below(2) == 0 {
                vec![of_client]
            } else {
                Vec::new()
            };
            lenient(
                users::set_departments(app, &access, user, sent, None, Precondition::None).await,
            );
        }
        3 => {
            let everybody = people.iter().map(ToString::to_string).collect();
            let memberships = [Membership::Member, Membership::NoMember];
            let membership = if dice.below(2) == 0 {
                memberships[0]
            } else {
                memberships[1]
            };
            let id = departments[client];
            let changed =
                departments::change_members(app, &access, id, everybody, membership, None);
            lenient(changed.await);
        }
        4 => {
            let mut patch = Map::new();
            patch.insert("first_name".to_owned(), json!(name));
            lenient(
                users::patch_profile(app, &access, user, patch, None, Precondition::None).await,
            );
        }
        _ => {
            let ago = i64::try_from(dice.below(5_000)).unwrap();
            let sent = SentReport {
                subject: Subject::Id(user),
                channel: *dice.pick(&[Channel::Desktop, Channel::Web]),
                at: world.now().plus_milliseconds(-ago),
            };
            lenient(report(app, &access, vec![Ok(sent)], None).await);
        }
    }
}

/// Writes and looks for the others' writes, as a node does.
async fn node(world: &World, index: usize, departments: &[DepartmentId]) {
    let app = &world.apps[index];
    let dice = Dice::new(100 + index as u64);
    for _ in 0..WRITES {
        write(world, app, &dice, departments).await;
        if dice.below(4) == 0 {
            housekeeping::poll(app).await.unwrap();
        }
        if index == 0 && dice.below(20) == 0 {
            world.clock.advance(700);
            world.fold(0).await;
        }
    }
}

async fn three_nodes_that_write_at_once_end_with_equal_images(on: Backend) {
    let mut world = World::new(on, 9, NODES, crate::AMPLE).await;
    world.context = "three nodes at once".to_owned();
    let mut made = Vec::new();
    for client in 0..2 {
        let new = NewDepartment {
            name: "Everybody".into(),
            description: None,
        };
        let created = departments::create(&world.apps[0], &world.access(client), new, None).await;
        let Ok(Done::Now(department)) = created else {
            panic!("it was not created");
        };
        made.push(department.id);
    }
    tokio::join!(
        node(&world, 0, &made),
        node(&world, 1, &made),
        node(&world, 2, &made),
    );
    for app in &world.apps {
        housekeeping::poll(app).await.unwrap();
    }
    let mut counts = Vec::new();
    for app in &world.apps {
        counts.push(everybody(app, &world, 0).await.len());
    }
    assert!(
        counts[0] > 5 && counts.iter().all(|count| *count == counts[0]),
        "{counts:?}"
    );
    compare::with_a_fresh_load(&world).await;
}
