//! One random thing that happens to a client, in the product and in the model.

use rollcall::model::activity::Channel;
use rollcall::model::client::ClientChange;
use rollcall::model::department::{DepartmentChange, NewDepartment};
use rollcall::model::id::{DepartmentId, Id, UserId};
use rollcall::model::page::UserQuery;
use rollcall::model::profile::Profile;
use rollcall::model::user::{NewUser, State};
use rollcall::operations::activity::{SentReport, Subject, report};
use rollcall::operations::departments::{self, Membership};
use rollcall::operations::error::Error;
use rollcall::operations::precondition::Precondition;
use rollcall::operations::write::Done;
use rollcall::operations::{clients, housekeeping, users};
use serde_json::{Map, Value, json};

use crate::model::{New, Section, fold};
use crate::world::World;

/// Names whose cases, accents and final letters have misled others.
pub const NAMES: [&str; 12] = [
    "anna",
    "Anna",
    "BOB",
    "bo",
    "Σοφος",
    "ΣΟΦΟΣ",
    "zoë",
    "ZOË",
    "İpek",
    "straße",
    "a b",
    "Ann",
];

const DEPARTMENTS: [&str; 6] = ["Sales", "SALES", "Legal", "Lab", "Λόγος", "ΛΌΓΟΣ"];

/// Does something at random, and says what.
pub async fn take(world: &mut World) -> String {
    let moves = [-700, 0, 0, 1, 20, 999, 1_000, 60_000];
    world.clock.advance(*world.dice.pick(&moves));
    let app = world.dice.below(world.apps.len());
    let client = world.dice.below(world.clients.len());
    let what = match world.dice.below(22) {
        0..=4 => create(world, app, client).await,
        5 | 6 => delete(world, app, client).await,
        7 => restore(world, app, client).await,
        8 | 9 => set_departments(world, app, client).await,
        10 | 11 => patch_profile(world, app, client).await,
        12 => create_department(world, app, client).await,
        13 => change_department(world, app, client).await,
        14 => delete_department(world, app, client).await,
        15 | 16 => change_members(world, app, client).await,
        17 | 18 => report_activity(world, app, client).await,
        19 => fold_activity(world, app).await,
        20 => rename_client(world, app, client).await,
        _ => {
            world.restart(app).await;
            "restart".to_owned()
        }
    };
    // The others look at the database as they do twice a second.
    for app in &world.apps {
        housekeeping::poll(app).await.unwrap();
    }
    format!("{what}, client {client}")
}

fn text(world: &World) -> String {
    format!("{}{}", world.dice.pick(&NAMES), world.dice.below(4))
}

/// Anybody of the client, deleted or not, or somebody unknown.
fn anybody(world: &World, client: usize) -> UserId {
    let people = &world.clients[client].1.people;
    let index = world.dice.below(people.len() + 1);
    people
        .get(index)
        .map_or_else(unknown_user, |person| person.id)
}

fn unknown_user() -> UserId {
    UserId(Id::parse("ffffffff-ffff-7fff-bfff-ffffffffffff").unwrap())
}

/// Any department of the client, or an unknown one, rarely.
fn any_department(world: &World, client: usize) -> DepartmentId {
    let sections = &world.clients[client].1.sections;
    let index = world.dice.below(sections.len() * 4 + 1);
    let section = sections.get(index / 4);
    section.map_or_else(|| DepartmentId(unknown_user().0), |section| section.id)
}

/// Some departments in some order, each once.
fn some_departments(world: &World, client: usize) -> Vec<DepartmentId> {
    let mut departments = Vec::new();
    for _ in 0..world.dice.below(4) {
        let department = any_department(world, client);
        if !departments.contains(&department) {
            departments.push(department);
        }
    }
    departments
}

fn are_known(world: &World, client: usize, departments: &[DepartmentId]) -> bool {
    let known = |id: &DepartmentId| world.clients[client].1.section(*id).is_some();
    departments.iter().all(known)
}

async fn create(world: &mut World, app: usize, client: usize) -> String {
    let external_id = format!("E{}", world.dice.below(12));
    let new = New {
        username: text(world),
        user_key: text(world),
        external_id: (world.dice.below(3) == 0).then_some(external_id),
        departments: some_departments(world, client),
    };
    let sent = NewUser {
        username: new.username.as_str().into(),
        user_key: new.user_key.as_str().into(),
        external_id: new.external_id.as_deref().map(Into::into),
        state: State::Active,
        departments: new.departments.clone(),
        profile: Profile::default(),
    };
    let answer = users::create(&world.apps[app], &world.access(client), sent, None).await;
    let now = world.now();
    let known = are_known(world, client, &new.departments);
    let model = &mut world.clients[client].1;
    let what = format!("create {new:?}");
    match (known, model.former(&new)) {
        (false, _) => assert!(
            matches!(answer, Err(Error::Invalid(_))),
            "{what}: {answer:?}"
        ),
        (_, Err(())) => assert!(
            matches!(answer, Err(Error::Conflict(_))),
            "{what}: {answer:?}"
        ),
        (_, Ok(former)) => {
            let Done::Now(created) = answer.expect(&what) else {
                panic!("it bears no key");
            };
            assert_eq!(former.unwrap_or(created.user.id), created.user.id, "{what}");
            model.create(created.user.id, new, now);
        }
    }
    what
}

async fn delete(world: &mut World, app: usize, client: usize) -> String {
    let id = anybody(world, client);
    let (app, access) = (&world.apps[app], world.access(client));
    let answer = users::delete(app, &access, id, Precondition::None).await;
    let now = world.now();
    let model = &mut world.clients[client].1;
    if model.live(id).is_some() {
        answer.unwrap();
        model.change(id, now, |person| person.is_deleted = true);
    } else {
        assert!(matches!(answer, Err(Error::NotFound(..))));
    }
    format!("delete {id}")
}

async fn restore(world: &mut World, app: usize, client: usize) -> String {
    let id = anybody(world, client);
    let answer = users::restore(&world.apps[app], &world.access(client), id, None).await;
    let now = world.now();
    let model = &mut world.clients[client].1;
    if model.person(id).is_some() {
        answer.unwrap();
        model.change(id, now, |person| person.is_deleted = false);
    } else {
        assert!(matches!(answer, Err(Error::NotFound(..))));
    }
    format!("restore {id}")
}

async fn set_departments(world: &mut World, app: usize, client: usize) -> String {
    let (id, sent) = (anybody(world, client), some_departments(world, client));
    let (app, access) = (&world.apps[app], world.access(client));
    let answer =
        users::set_departments(app, &access, id, sent.clone(), None, Precondition::None).await;
    let (now, known) = (world.now(), are_known(world, client, &sent));
    let model = &mut world.clients[client].1;
    match (model.live(id).is_some(), known) {
        (false, _) => assert!(matches!(answer, Err(Error::NotFound(..)))),
        (true, false) => assert!(matches!(answer, Err(Error::Invalid(_)))),
        (true, true) => {
            answer.unwrap();
            model.change(id, now, |person| person.departments = sent);
        }
    }
    format!("departments of {id}")
}

async fn patch_profile(world: &mut World, app: usize, client: usize) -> String {
    let id = anybody(world, client);
    let is_active = world.dice.below(2) == 0;
    let names = [None, Some("Ann"), Some("Zoë"), Some("\u{1f600}")];
    let first_name = *world.dice.pick(&names);
    let role = *world.dice.pick(&names);
    let mut patch = Map::new();
    patch.insert("first_name".to_owned(), json!(first_name));
    patch.insert("employment_info".to_owned(), json!({ "role": role }));
    let state = if is_active { "ACTIVE" } else { "INACTIVE" };
    patch.insert("state".to_owned(), Value::from(state));
    let (app, access) = (&world.apps[app], world.access(client));
    let answer = users::patch_profile(app, &access, id, patch, None, Precondition::None).await;
    let now = world.now();
    let model = &mut world.clients[client].1;
    if model.live(id).is_none() {
        assert!(matches!(answer, Err(Error::NotFound(..))));
        return format!("no profile of {id}");
    }
    answer.unwrap();
    model.change(id, now, |person| {
        person.is_active = is_active;
        for (field, value) in [("first_name", first_name), ("role", role)] {
            match value {
                None => person.profile.remove(field),
                Some(value) => person.profile.insert(field, value.to_owned()),
            };
        }
    });
    format!("profile of {id}")
}

fn name_is_free(world: &World, client: usize, name: &str, but: Option<DepartmentId>) -> bool {
    let mut sections = world.clients[client].1.sections.iter();
    !sections.any(|section| fold(&section.name) == fold(name) && Some(section.id) != but)
}

async fn create_department(world: &mut World, app: usize, client: usize) -> String {
    let name = *world.dice.pick(&DEPARTMENTS);
    let new = NewDepartment {
        name: name.into(),
        description: None,
    };
    let answer = departments::create(&world.apps[app], &world.access(client), new, None).await;
    let now = world.now();
    if name_is_free(world, client, name, None) {
        let Done::Now(created) = answer.unwrap() else {
            panic!("it bears no key");
        };
        world.clients[client].1.sections.push(Section {
            id: created.id,
            name: name.to_owned(),
            description: None,
            created_at: now,
            updated_at: now,
        });
    } else {
        assert!(matches!(answer, Err(Error::Conflict(_))));
    }
    format!("department {name}")
}

async fn change_department(world: &mut World, app: usize, client: usize) -> String {
    let id = any_department(world, client);
    let name = *world.dice.pick(&DEPARTMENTS);
    let description = *world
        .dice
        .pick(&[None, Some("They sell"), Some("They sue")]);
    let change = DepartmentChange {
        name: (world.dice.below(2) == 0).then(|| name.into()),
        description: (world.dice.below(2) == 0).then(|| description.map(Into::into)),
    };
    let (app, access) = (&world.apps[app], world.access(client));
    let answer = departments::update(app, &access, id, change.clone(), Precondition::None).await;
    let now = world.now();
    let is_free = change.name.is_none() || name_is_free(world, client, name, Some(id));
    let model = &mut world.clients[client].1;
    match (model.section(id).is_some(), is_free) {
        (false, _) => assert!(matches!(answer, Err(Error::NotFound(..)))),
        (true, false) => assert!(matches!(answer, Err(Error::Conflict(_)))),
        (true, true) => {
            answer.unwrap();
            model.change_section(id, now, |section| {
                if let Some(name) = change.name {
                    section.name = name.into();
                }
                if let Some(description) = change.description {
                    section.description = description.map(Into::into);
                }
            });
        }
    }
    format!("change department {id}")
}

async fn delete_department(world: &mut World, app: usize, client: usize) -> String {
    let id = any_department(world, client);
    let (app, access) = (&world.apps[app], world.access(client));
    let answer = departments::delete(app, &access, id, Precondition::None).await;
    let now = world.now();
    let model = &mut world.clients[client].1;
    if model.section(id).is_some() {
        answer.unwrap();
        model.delete_section(id, now);
    } else {
        assert!(matches!(answer, Err(Error::NotFound(..))));
    }
    format!("delete department {id}")
}

async fn change_members(world: &mut World, app: usize, client: usize) -> String {
    let id = any_department(world, client);
    let joins = world.dice.below(3) > 0;
    let membership = if joins {
        Membership::Member
    } else {
        Membership::NoMember
    };
    let mut sent = vec!["garbage".to_owned()];
    sent.extend((0..world.dice.below(6)).map(|_| anybody(world, client).to_string()));
    let (app, access) = (&world.apps[app], world.access(client));
    let answer = departments::change_members(app, &access, id, sent.clone(), membership, None);
    let answer = answer.await;
    let now = world.now();
    let model = &mut world.clients[client].1;
    if model.section(id).is_none() {
        assert!(matches!(answer, Err(Error::NotFound(..))));
        return format!("no members of {id}");
    }
    let Done::Now(changed) = answer.unwrap() else {
        panic!("it bears no key");
    };
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for text in sent {
        let user = UserId::parse(&text).filter(|id| model.live(*id).is_some());
        let Some(user) = user else {
            failed.push(text);
            continue;
        };
        model.change(user, now, |person| {
            if !joins {
                person.departments.retain(|known| *known != id);
            } else if !person.departments.contains(&id) {
                person.departments.push(id);
            }
        });
        succeeded.push(text);
    }
    assert_eq!((changed.succeeded, changed.failed), (succeeded, failed));
    format!("members of {id}")
}

async fn report_activity(world: &mut World, app: usize, client: usize) -> String {
    let enrolls = world.dice.below(3) == 0;
    let access = if enrolls {
        world.enrolling(app, client).await
    } else {
        world.access(client)
    };
    let mut sent = Vec::new();
    for _ in 0..=world.dice.below(5) {
        let subject = if world.dice.below(2) == 0 {
            Subject::Id(anybody(world, client))
        } else {
            Subject::Key(text(world).into())
        };
        let ago = *world
            .dice
            .pick(&[-400_000, -200_000, 0, 500, 90_000, 200_000_000]);
        sent.push(SentReport {
            subject,
            channel: *world.dice.pick(&[Channel::Desktop, Channel::Web]),
            at: world.now().plus_milliseconds(-ago),
        });
    }
    let what = format!("report {sent:?}");
    let once = sent.iter().cloned().map(Ok).collect();
    let answer = report(&world.apps[app], &access, once, None).await;
    let Done::Now(receipt) = answer.expect(&what) else {
        panic!("it bears no key");
    };
    let mut accepted = 0;
    for (index, report) in sent.into_iter().enumerate() {
        let code = see(world, app, client, enrolls, report).await;
        let rejected = receipt.rejected.iter().find(|(at, _)| *at == index);
        assert_eq!(rejected.map(|(_, why)| why.code), code, "{what}: {index}");
        accepted += usize::from(code.is_none());
    }
    assert_eq!(receipt.accepted, accepted, "{what}");
    what
}

/// Takes a report into the model; a code says why it should have been rejected.
async fn see(
    world: &mut World,
    app: usize,
    client: usize,
    enrolls: bool,
    report: SentReport,
) -> Option<&'static str> {
    let now = world.now();
    if report.at > now.plus_milliseconds(300_000) {
        return Some("clock_skew");
    }
    let access = world.access(client);
    let model = &mut world.clients[client].1;
    let person = match &report.subject {
        Subject::Id(id) => model.person(*id),
        Subject::Key(key) => {
            let folded = fold(key);
            let of_key = |person: &&mut crate::model::Person| fold(&person.user_key) == folded;
            model.people.iter_mut().find(of_key)
        }
    };
    match (person, report.subject) {
        (Some(person), _) if person.is_deleted => Some("not_found"),
        (Some(person), _) => {
            person.see(report.channel, report.at);
            None
        }
        (None, Subject::Key(key)) if enrolls => {
            // The id is the product's to choose.
            let query = UserQuery {
                user_key: Some(key.clone()),
                ..UserQuery::default()
            };
            let app = &world.apps[app];
            let id = users::list(app, &access, &query, None, 1, |page| page.items[0].id);
            let id = id.await.unwrap();
            let new = New {
                username: key.to_string(),
                user_key: key.to_string(),
                external_id: None,
                departments: Vec::new(),
            };
            model.create(id, new, now);
            model.person(id).unwrap().see(report.channel, report.at);
            None
        }
        (None, _) => Some("not_found"),
    }
}

async fn fold_activity(world: &mut World, app: usize) -> String {
    // Past the time for which entries are kept: the others must do without some of them.
    if world.dice.below(2) == 0 {
        world.clock.advance(700_000);
    }
    world.fold(app).await;
    "fold".to_owned()
}

async fn rename_client(world: &mut World, app: usize, client: usize) -> String {
    let name = format!("Client {}", world.dice.below(5));
    let change = ClientChange {
        name: Some(name.as_str().into()),
        ..ClientChange::default()
    };
    let (app, access) = (&world.apps[app], world.access(client));
    let answer = clients::update(app, &access, change, Precondition::None).await;
    assert_eq!(*answer.unwrap().name, *name);
    world.clients[client].1.name = name;
    "rename client".to_owned()
}
