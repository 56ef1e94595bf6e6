//! People with the very ids and moments that a test names, which no door lets a caller choose.

use rollcall::model::id::{ClientId, DepartmentId, UserId};
use rollcall::model::profile::Profile;
use rollcall::model::provenance::{Provenance, TracedUser};
use rollcall::model::text::fold;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::user::{State, User};
use rollcall::store::users::Rename;
use rollcall::store::{self, Error, Tx};

use super::World;

/// Somebody whose key is their name, made and last changed at that moment.
pub fn person(id: &str, username: &str, created_at: &str) -> User {
    let created_at = Timestamp::parse(created_at).unwrap();
    User {
        id: UserId::parse(id).unwrap_or_else(|| panic!("{id} is not an id")),
        username: username.into(),
        user_key: username.into(),
        external_id: None,
        state: State::Active,
        profile: Profile::default(),
        departments: Vec::new(),
        created_at,
        updated_at: created_at,
        deleted_at: None,
        held: None,
        revision: 0,
    }
}

/// A department with the id and moments that a test names.
pub fn department(
    id: &str,
    name: &str,
    description: Option<&str>,
) -> rollcall::model::department::Department {
    let at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    rollcall::model::department::Department {
        id: DepartmentId::parse(id).unwrap(),
        name: name.into(),
        description: description.map(Into::into),
        external_id: None,
        created_at: at,
        updated_at: at,
        deleted_at: None,
        revision: 0,
    }
}

/// Puts departments and people into a client's directory, whole: what an import does. People who
/// are there already are replaced, and renamed if the name is another.
pub async fn seed_people(
    world: &World,
    client: ClientId,
    departments: Vec<rollcall::model::department::Department>,
    people: Vec<User>,
) {
    world
        .write_beside(move |tx| {
            let mut number = store::clients::lock(tx, client)?.expect("the client exists");
            for department in &departments {
                number += 1;
                let mut department = department.clone();
                department.revision = number;
                store::departments::insert(tx, client, &department)?;
            }
            for user in &people {
                number += 1;
                let mut user = user.clone();
                user.revision = number;
                put(tx, client, &user)?;
            }
            store::clients::set_change_number(tx, client, number)
        })
        .await;
}

fn put(tx: &mut Tx<'_>, client: ClientId, user: &User) -> Result<(), Error> {
    let traced = TracedUser::stored(user.clone(), Provenance::default());
    if let Some(old) = store::users::find(tx, client, user.id)? {
        store::users::update(tx, client, &traced)?;
        if fold(&old.username) != fold(&user.username) {
            let rename = Rename {
                number: user.revision,
                user: user.id,
                username: old.username.clone(),
            };
            store::users::remember_rename(tx, client, &rename, user.updated_at)?;
        }
    } else {
        store::users::insert(tx, client, &traced)?;
    }
    Ok(())
}
