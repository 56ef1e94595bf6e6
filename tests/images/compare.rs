//! Every read, beside what the model says, and beside what a fresh load says.

use rollcall::model::filter::Filter;
use rollcall::model::id::{DepartmentId, Id, UserId};
use rollcall::model::page::{
    DepartmentQuery, DepartmentSort, Page, SortOrder, StateFilter, UserQuery, UserSort,
};
use rollcall::model::profile_text;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::user::{Summary, UserView};
use rollcall::operations::app::App;
use rollcall::operations::caller::Access;
use rollcall::operations::{clients, departments, gateway, users};

use crate::model::{Model, Person, fold};
use crate::steps::NAMES;
use crate::support::Dice;
use crate::world::World;

/// A user as it was shown, with all that a view has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    id: UserId,
    names: [String; 2],
    external_id: Option<String>,
    is_active: bool,
    is_deleted: bool,
    profile: String,
    departments: Vec<(DepartmentId, String, Option<String>)>,
    seen: [Option<Timestamp>; 2],
    times: [Timestamp; 2],
}

impl Shown {
    fn of(view: &UserView<'_>) -> Self {
        let departments = view.departments.iter().map(|department| {
            let description = department.description.as_deref().map(str::to_owned);
            (department.id, department.name.to_string(), description)
        });
        Self {
            id: view.id,
            names: [view.username.to_owned(), view.user_key.to_owned()],
            external_id: view.external_id.map(str::to_owned),
            is_active: view.state.name() == "ACTIVE",
            is_deleted: view.deleted_at.is_some(),
            profile: profile_text::to_text(view.profile),
            departments: departments.collect(),
            seen: [view.last_activity.desktop_at, view.last_activity.web_at],
            times: [view.created_at, view.updated_at],
        }
    }

    fn of_model(model: &Model, person: &Person) -> Self {
        let mut profile = serde_json::Map::new();
        if let Some(name) = person.profile.get("first_name") {
            profile.insert("first_name".to_owned(), name.as_str().into());
        }
        if let Some(role) = person.profile.get("role") {
            let role = serde_json::json!({ "role": role });
            profile.insert("employment_info".to_owned(), role);
        }
        let departments = person.departments.iter().map(|id| {
            let section = model.section(*id).unwrap();
            (*id, section.name.clone(), section.description.clone())
        });
        Self {
            id: person.id,
            names: [person.username.clone(), person.user_key.clone()],
            external_id: person.external_id.clone(),
            is_active: person.is_active,
            is_deleted: person.is_deleted,
            profile: serde_json::Value::Object(profile).to_string(),
            departments: departments.collect(),
            seen: [person.desktop_at, person.web_at],
            times: [person.created_at, person.updated_at],
        }
    }
}

/// Asks every app about every client, and the model too.
pub async fn with_the_model(world: &World) {
    for app in &world.apps {
        for (index, (_, model)) in world.clients.iter().enumerate() {
            let access = world.access(index);
            let name = clients::get(app, &access, |client| client.name.to_string());
            assert_eq!(name.await.unwrap(), model.name, "{}", world.context);
            one_by_one(world, app, &access, model).await;
            for _ in 0..4 {
                user_list(world, app, &access, model).await;
            }
            summary(world, app, &access, model).await;
            department_list(world, app, &access, model).await;
            gateway_list(world, app, &access, model).await;
        }
    }
}

async fn one_by_one(world: &World, app: &App, access: &Access, model: &Model) {
    for person in &model.people {
        let expected = Shown::of_model(model, person);
        let got = users::get(app, access, person.id, Shown::of).await.ok();
        let live = (!person.is_deleted).then(|| expected.clone());
        assert_eq!(got, live, "{}: get", world.context);
        let got = gateway::get(app, access, person.id.as_str(), Shown::of).await;
        assert_eq!(got.as_ref(), Ok(&expected), "{}: gateway", world.context);
        if let Some(external_id) = &person.external_id {
            let got = gateway::get(app, access, external_id, Shown::of).await;
            assert_eq!(got, Ok(expected), "{}: by external id", world.context);
        }
    }
}

/// A filter at random; often one that somebody passes.
fn any_query(dice: &Dice, now: Timestamp, model: &Model) -> UserQuery {
    let somebody = (!model.people.is_empty()).then(|| dice.pick(&model.people));
    let ago = now.plus_milliseconds(-*dice.pick(&[0, 1_000, 100_000, 300_000_000]));
    let mut query = UserQuery {
        sort: *dice.pick(&[
            UserSort::Username,
            UserSort::LastActivity,
            UserSort::CreatedAt,
        ]),
        order: *dice.pick(&[SortOrder::Ascending, SortOrder::Descending]),
        ..UserQuery::default()
    };
    for _ in 0..dice.below(3) {
        match dice.below(8) {
            0 => {
                query.q = Some(
                    fold(dice.pick::<&str>(&["a", "B", "Σ", "ΦΟΣ", "ss", "3", " ", "n0"])).into(),
                );
            }
            1 if !model.sections.is_empty() => {
                query.department = Some(dice.pick(&model.sections).id);
            }
            1 => {
                query.department = Some(DepartmentId(
                    Id::parse("00000000-0000-7000-8000-000000000000").unwrap(),
                ));
            }
            2 => {
                let mut ids: Vec<UserId> = model.people.iter().map(|person| person.id).collect();
                ids.truncate(5);
                // One id may be asked for twice, in different cases.
                ids.extend(ids.first().copied());
                query.ids = Some(ids);
            }
            3 => query.user_key = somebody.map(|person| person.user_key.to_uppercase().into()),
            4 => {
                query.external_id = somebody
                    .and_then(|it| it.external_id.as_deref())
                    .map(Into::into);
            }
            5 => query.active_since = Some(ago),
            6 => query.state = Some(*dice.pick(&STATES)),
            _ => query.stale_since = Some(ago),
        }
    }
    query
}

const STATES: [StateFilter; 3] = [
    StateFilter::Active,
    StateFilter::Inactive,
    StateFilter::Deleted,
];

fn passes(query: &UserQuery, person: &Person) -> bool {
    let names = [fold(&person.username), fold(&person.user_key)];
    let seen_at = person.seen_at();
    let state = match (person.is_deleted, person.is_active) {
        (true, _) => StateFilter::Deleted,
        (false, true) => StateFilter::Active,
        (false, false) => StateFilter::Inactive,
    };
    query
        .state
        .map_or(!person.is_deleted, |wanted| wanted == state)
        && query
            .q
            .as_deref()
            .is_none_or(|q| names.iter().any(|name| name.contains(q)))
        && query
            .department
            .is_none_or(|id| person.departments.contains(&id))
        && query
            .ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&person.id))
        && query
            .user_key
            .as_deref()
            .is_none_or(|key| fold(key) == fold(&person.user_key))
        && query
            .external_id
            .as_deref()
            .is_none_or(|id| person.external_id.as_deref() == Some(id))
        && query
            .active_since
            .is_none_or(|since| seen_at.is_some_and(|at| at >= since))
        && query
            .stale_since
            .is_none_or(|since| seen_at.is_none_or(|at| at < since))
}

async fn user_list(world: &World, app: &App, access: &Access, model: &Model) {
    let query = any_query(&world.dice, world.now(), model);
    let mut expected: Vec<&Person> = model
        .people
        .iter()
        .filter(|it| passes(&query, it))
        .collect();
    expected.sort_by(|one, other| {
        let by_key = match query.sort {
            UserSort::Username => fold(&one.username).cmp(&fold(&other.username)),
            UserSort::LastActivity => one.seen_at().cmp(&other.seen_at()),
            UserSort::CreatedAt => one.created_at.cmp(&other.created_at),
        };
        query.order.apply(by_key.then(one.id.cmp(&other.id)))
    });
    let expected: Vec<Shown> = expected
        .iter()
        .map(|it| Shown::of_model(model, it))
        .collect();
    let size = *world.dice.pick(&[1, 2, 7, 500]);
    let (mut got, mut after) = (Vec::new(), None);
    loop {
        let own = |page: Page<UserView<'_>>| Page {
            items: page.items.iter().map(Shown::of).collect(),
            total_count: page.total_count,
            next: page.next,
        };
        let page = users::list(app, access, &query, after.as_ref(), size, own)
            .await
            .unwrap();
        let context = &world.context;
        assert_eq!(
            page.total_count,
            expected.len() as u64,
            "{context}: count of {query:?}"
        );
        assert!(page.items.len() <= size && (page.next.is_none() || page.items.len() == size));
        got.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(got, expected, "{}: {query:?} by {size}", world.context);
}

async fn summary(world: &World, app: &App, access: &Access, model: &Model) {
    let threshold_s = *world.dice.pick(&[1, 60, 172_800]);
    let since = world.now().plus_milliseconds(-threshold_s * 1000);
    let live = model.people.iter().filter(|person| !person.is_deleted);
    let (active, stale): (Vec<_>, Vec<_>) =
        live.partition(|person| person.seen_at().is_some_and(|at| at >= since));
    let expected = Summary {
        active: active.len() as u64,
        stale: stale.len() as u64,
    };
    let got = users::summary(app, access, threshold_s).await.unwrap();
    assert_eq!(got, expected, "{}", world.context);
}

async fn department_list(world: &World, app: &App, access: &Access, model: &Model) {
    let dice = &world.dice;
    let sorts = [
        DepartmentSort::Name,
        DepartmentSort::MemberCount,
        DepartmentSort::CreatedAt,
    ];
    let query = DepartmentQuery {
        q: (dice.below(2) == 0).then(|| fold(dice.pick::<&str>(&["L", "sal", "ΓΟΣ", "x"])).into()),
        sort: *dice.pick(&sorts),
        order: *dice.pick(&[SortOrder::Ascending, SortOrder::Descending]),
    };
    let members = |id: DepartmentId| {
        let live = model.people.iter().filter(|person| !person.is_deleted);
        live.filter(|person| person.departments.contains(&id))
            .count() as u64
    };
    let mut expected: Vec<_> = model
        .sections
        .iter()
        .filter(|it| {
            query
                .q
                .as_deref()
                .is_none_or(|q| fold(&it.name).contains(q))
        })
        .map(|it| (it.clone(), members(it.id)))
        .collect();
    expected.sort_by(|(one, one_count), (other, other_count)| {
        let by_key = match query.sort {
            DepartmentSort::Name => fold(&one.name).cmp(&fold(&other.name)),
            DepartmentSort::MemberCount => one_count.cmp(other_count),
            DepartmentSort::CreatedAt => one.created_at.cmp(&other.created_at),
        };
        query.order.apply(by_key.then(one.id.cmp(&other.id)))
    });
    let (mut got, mut after) = (Vec::new(), None);
    loop {
        let page = departments::list(app, access, &query, after.as_ref(), 2, |page| {
            assert_eq!(page.total_count, expected.len() as u64, "{}", world.context);
            let views = page.items.iter().map(|view| {
                let department = view.department;
                let section = crate::model::Section {
                    id: department.id,
                    name: department.name.to_string(),
                    description: department.description.as_deref().map(str::to_owned),
                    created_at: department.created_at,
                    updated_at: department.updated_at,
                };
                (section, view.member_count)
            });
            got.extend(views);
            page.next
        });
        after = page.await.unwrap();
        if after.is_none() {
            break;
        }
    }
    assert_eq!(got, expected, "{}: {query:?}", world.context);
}

async fn gateway_list(world: &World, app: &App, access: &Access, model: &Model) {
    let name = format!("{}1", world.dice.pick(&NAMES));
    let since = world.now().plus_milliseconds(-5_000).with_seconds();
    let moment = Timestamp::parse(&since).unwrap();
    type Passes<'a> = Box<dyn Fn(&Person) -> bool + 'a>;
    let filters: [(String, Passes<'_>); 6] = [
        (String::new(), Box::new(|_| true)),
        (
            "user.state eq \"INACTIVE\"".to_owned(),
            Box::new(|person| person.is_deleted || !person.is_active),
        ),
        (
            format!("system_identity.username gt \"{name}\""),
            Box::new(|person| person.username > name),
        ),
        (
            format!("last_updated_at gt \"{since}\""),
            Box::new(|person| person.updated_at.whole_seconds() > moment),
        ),
        (
            "user.first_name ne \"Ann\" and user.employment_info.role eq \"Zoë\"".to_owned(),
            Box::new(|person| {
                person
                    .profile
                    .get("first_name")
                    .is_none_or(|name| name != "Ann")
                    && person.profile.get("role").is_some_and(|role| role == "Zoë")
            }),
        ),
        (
            "user.employment_info.department eq \"Sales\" or system_identity.id eq \"E3\""
                .to_owned(),
            Box::new(|person| {
                let primary = person.departments.first().and_then(|id| model.section(*id));
                primary.is_some_and(|section| section.name == "Sales")
                    || person.external_id.as_deref() == Some("E3")
            }),
        ),
    ];
    let (text, passes) = world.dice.pick(&filters);
    let filter = (!text.is_empty()).then(|| Filter::parse(text).unwrap());
    let mut expected: Vec<&Person> = model.people.iter().filter(|it| passes(it)).collect();
    expected.sort_by_key(|person| person.id);
    let expected: Vec<Shown> = expected
        .iter()
        .map(|it| Shown::of_model(model, it))
        .collect();
    let size = *world.dice.pick(&[1, 3, 100]);
    let (mut got, mut after) = (Vec::new(), None);
    loop {
        let page = gateway::list(app, access, filter.as_ref(), after, size, |users, next| {
            assert!(users.len() <= size);
            got.extend(users.iter().map(Shown::of));
            next
        });
        after = page.await.unwrap();
        if after.is_none() {
            break;
        }
    }
    assert_eq!(got, expected, "{}: {text} by {size}", world.context);
}

/// Everything that an app shows of a client, down to the revisions.
async fn everything(app: &App, access: &Access) -> (Vec<(Shown, i64)>, Vec<String>) {
    let people = gateway::list(app, access, None, None, 10_000, |users, next| {
        assert_eq!(next, None);
        users
            .iter()
            .map(|user| (Shown::of(user), user.revision))
            .collect()
    });
    let query = DepartmentQuery::default();
    let departments = departments::list(app, access, &query, None, 500, |page| {
        page.items.iter().map(|view| format!("{view:?}")).collect()
    });
    (people.await.unwrap(), departments.await.unwrap())
}

/// Asks an app that has just been opened, and every other.
pub async fn with_a_fresh_load(world: &World) {
    let fresh = world.open().await;
    for index in 0..world.clients.len() {
        let access = world.access(index);
        let expected = everything(&fresh, &access).await;
        for app in &world.apps {
            let got = everything(app, &access).await;
            assert_eq!(got, expected, "{}", world.context);
        }
    }
}
