//! People's records. Reads of people are for the directory; these are by key.
//!
//! Who is read to be changed comes with the provenance of the fields ([`TracedUser`]), and only such
//! records are written. Reads of many, and those for images, leave that column out.

use std::collections::HashMap;

use crate::model::id::{ClientId, DepartmentId, Id, UserId};
use crate::model::profile::Profile;
use crate::model::provenance::{Provenance, TracedUser};
use crate::model::provisioning::Held;
use crate::model::text::fold;
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, User};
use crate::model::{profile_json, profile_text};
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_users {
    ($rest:literal) => {
        select_users!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT id, username, user_key, external_id, state, profile, created_at, updated_at,
             deleted_at, revision, departments, held",
            $more,
            " FROM users ",
            $rest
        )
    };
}

/// The columns that [`read_traced`] expects, behind a `SELECT`.
macro_rules! select_traced_users {
    ($rest:literal) => {
        select_users!(", provenance", $rest)
    };
}

/// How many users the client has, deleted ones too.
pub fn count(tx: &mut Tx<'_>, client: ClientId) -> Result<usize, Error> {
    let sql = "SELECT COUNT(*) FROM users WHERE client_id = $1";
    let count = tx.one(sql, &[(&client).into()], |row| row.number(0))?;
    Ok(count
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or_default())
}

/// How many users the client has who are not deleted.
pub fn count_live(tx: &mut Tx<'_>, client: ClientId) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM users WHERE client_id = $1 AND deleted_at IS NULL";
    let count = tx.one(sql, &[(&client).into()], |row| row.number(0))?;
    Ok(count.unwrap_or(0))
}

/// How many users all clients have who are not deleted. It looks at all of them.
pub fn count_live_everywhere(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL";
    Ok(tx.one(sql, &[], |row| row.number(0))?.unwrap_or(0))
}

/// Hands each of the client's users, deleted ones too, to `each`, by id.
pub fn each<E: From<Error>>(
    tx: &mut Tx<'_>,
    client: ClientId,
    mut each: impl FnMut(User) -> Result<(), E>,
) -> Result<(), E> {
    let sql = select_users!("WHERE client_id = $1 ORDER BY id");
    tx.each(sql, &[(&client).into()], |row| each(read(row)?))
}

/// The users that changes after number `since` touched. It looks at all the client's users: the log
/// may tell them ([`crate::store::changes::users_touched`]).
pub fn changed_since(tx: &mut Tx<'_>, client: ClientId, since: i64) -> Result<Vec<User>, Error> {
    let sql = select_users!("WHERE client_id = $1 AND revision > $2");
    tx.all(sql, &[(&client).into(), since.into()], read)
}

/// Up to `count` users behind `after` in the order of ids, deleted ones too.
pub fn page(
    tx: &mut Tx<'_>,
    client: ClientId,
    after: Option<UserId>,
    count: i64,
) -> Result<Vec<User>, Error> {
    let after = after.as_ref().map_or("", UserId::as_str);
    let sql = select_users!("WHERE client_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    tx.all(sql, &[(&client).into(), after.into(), count.into()], read)
}

/// The user of that id, deleted or not.
pub fn find(tx: &mut Tx<'_>, client: ClientId, id: UserId) -> Result<Option<TracedUser>, Error> {
    Ok(find_many(tx, client, [&id])?.pop())
}

/// Those of the users of these ids who are there, deleted or not.
pub fn find_many<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    ids: impl IntoIterator<Item = &'k UserId>,
) -> Result<Vec<TracedUser>, Error> {
    let sql = select_traced_users!("WHERE client_id = $1 AND id = $2");
    read_many(tx, sql, client, ids.into_iter().map(Into::into))
}

/// The records that [`find_many`] would find, for images.
pub fn records_of<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    ids: impl IntoIterator<Item = &'k UserId>,
) -> Result<Vec<User>, Error> {
    let sql = select_users!("WHERE client_id = $1 AND id = $2");
    let keys = ids.into_iter().map(|id| [Value::from(&client), id.into()]);
    tx.all_many(sql, keys, read)
}

/// What those of the users of these ids are called who are there, deleted or not.
pub fn names<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    ids: impl IntoIterator<Item = &'k UserId>,
) -> Result<HashMap<UserId, Box<str>>, Error> {
    let sql = "SELECT id, username FROM users WHERE client_id = $1 AND id = $2";
    let keys = ids.into_iter().map(|id| [Value::from(&client), id.into()]);
    let names = tx.all_many(sql, keys, |row| {
        Ok((row.parsed(0, UserId::parse)?, row.text(1)?.into()))
    })?;
    Ok(names.into_iter().collect())
}

/// Those of the users of these keys who are there, deleted or not. The keys are folded already.
pub fn find_many_by_user_key<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    folded_keys: impl IntoIterator<Item = &'k String>,
) -> Result<Vec<TracedUser>, Error> {
    let sql = select_traced_users!("WHERE client_id = $1 AND user_key_folded = $2");
    read_many(tx, sql, client, folded_keys.into_iter().map(Into::into))
}

/// Those of the users of these external ids who are there, deleted or not.
pub fn find_many_by_external_id<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    external_ids: impl IntoIterator<Item = &'k str>,
) -> Result<Vec<TracedUser>, Error> {
    let sql = select_traced_users!("WHERE client_id = $1 AND external_id = $2");
    read_many(tx, sql, client, external_ids.into_iter().map(Into::into))
}

fn read_many<'k>(
    tx: &mut Tx<'_>,
    sql: &str,
    client: ClientId,
    keys: impl Iterator<Item = Value<'k>>,
) -> Result<Vec<TracedUser>, Error> {
    tx.all_many(
        sql,
        keys.map(|key| [Value::from(&client), key]),
        read_traced,
    )
}

/// The user of that key, whatever its case, deleted or not.
pub fn find_by_user_key(
    tx: &mut Tx<'_>,
    client: ClientId,
    user_key: &str,
) -> Result<Option<TracedUser>, Error> {
    Ok(find_many_by_user_key(tx, client, [&fold(user_key)])?.pop())
}

/// The user of that external id, deleted or not.
pub fn find_by_external_id(
    tx: &mut Tx<'_>,
    client: ClientId,
    external_id: &str,
) -> Result<Option<TracedUser>, Error> {
    Ok(find_many_by_external_id(tx, client, [external_id])?.pop())
}

/// Up to `count` users of whom something is held back, behind `after` in the order of ids. It looks at
/// all the client's users behind it.
pub fn held_page(
    tx: &mut Tx<'_>,
    client: ClientId,
    after: Option<UserId>,
    count: i64,
) -> Result<Vec<User>, Error> {
    let after = after.as_ref().map_or("", UserId::as_str);
    let sql =
        select_users!("WHERE client_id = $1 AND id > $2 AND held IS NOT NULL ORDER BY id LIMIT $3");
    tx.all(sql, &[(&client).into(), after.into(), count.into()], read)
}

/// All that is held of a client's users, in no order that means anything. It looks at all of them.
pub fn held(tx: &mut Tx<'_>, client: ClientId) -> Result<Vec<Held>, Error> {
    let sql = "SELECT held FROM users WHERE client_id = $1 AND held IS NOT NULL";
    tx.all(sql, &[(&client).into()], |row| {
        row.parsed(0, Held::from_text)
    })
}

/// Adds a user. `false`, and nothing added, when the id, the user key or the
/// external id is taken.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, user: &TracedUser) -> Result<bool, Error> {
    Ok(insert_many(tx, client, &[user])? == 1)
}

/// As [`insert`] each of them, and says how many were added.
pub fn insert_many(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: &[&TracedUser],
) -> Result<usize, Error> {
    let sql = "INSERT INTO users (client_id, id, username, user_key, user_key_folded, external_id,
               state, profile, created_at, updated_at, deleted_at, revision,
               departments, held, provenance)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
               ON CONFLICT DO NOTHING";
    write(tx, sql, client, users)
}

/// Replaces all of a user's record. `false` when there is no such user. The
/// caller has made sure that the user key and the external id are free.
pub fn update(tx: &mut Tx<'_>, client: ClientId, user: &TracedUser) -> Result<bool, Error> {
    Ok(update_many(tx, client, &[user])? == 1)
}

/// As [`update`] each of them in turn, and says how many were there.
pub fn update_many(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: &[&TracedUser],
) -> Result<usize, Error> {
    let sql = "UPDATE users SET username = $3, user_key = $4, user_key_folded = $5,
               external_id = $6, state = $7, profile = $8, created_at = $9, updated_at = $10,
               deleted_at = $11, revision = $12, departments = $13, held = $14, provenance = $15
               WHERE client_id = $1 AND id = $2";
    write(tx, sql, client, users)
}

/// As [`update_many`], for users who keep their user keys and external ids, whose indexes this leaves
/// alone.
pub fn update_many_under_same_keys(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: &[&TracedUser],
) -> Result<usize, Error> {
    let sql = "UPDATE users SET username = $3, state = $4, profile = $5, created_at = $6,
               updated_at = $7, deleted_at = $8, revision = $9, departments = $10, held = $11,
               provenance = $12 WHERE client_id = $1 AND id = $2";
    let made: Vec<_> = users
        .iter()
        .map(|user| (profile_of(user), held_of(user), lists_of(user)))
        .collect();
    let rows = users
        .iter()
        .zip(&made)
        .map(|(user, (profile, held, [departments, provenance]))| {
            [
                Value::from(&client),
                (&user.id).into(),
                (&user.username).into(),
                user.state.name().into(),
                profile.as_ref().into(),
                user.created_at.into(),
                user.updated_at.into(),
                user.deleted_at.into(),
                user.revision.into(),
                departments.into(),
                held.as_ref().into(),
                provenance.into(),
            ]
        });
    tx.execute_many(sql, rows)
}

fn profile_of(user: &TracedUser) -> Option<String> {
    (!user.profile.is_empty()).then(|| profile_text::to_text(&user.profile))
}

fn held_of(user: &User) -> Option<String> {
    user.held.map(Held::to_text)
}

/// The departments and the provenance as they are stored.
fn lists_of(user: &TracedUser) -> [String; 2] {
    [departments_of(user), user.provenance().to_text()]
}

/// The departments as they are stored: each id with a space behind it, the primary one first.
fn departments_of(user: &TracedUser) -> String {
    let mut text = String::with_capacity(user.departments.len() * (Id::LENGTH + 1));
    for department in &user.departments {
        text.push_str(department.as_str());
        text.push(' ');
    }
    text
}

fn write(
    tx: &mut Tx<'_>,
    sql: &str,
    client: ClientId,
    users: &[&TracedUser],
) -> Result<usize, Error> {
    let made: Vec<_> = users
        .iter()
        .map(|user| {
            let key = fold(&user.user_key);
            (key, profile_of(user), held_of(user), lists_of(user))
        })
        .collect();
    let rows = users.iter().zip(&made).map(
        |(user, (user_key_folded, profile, held, [departments, provenance]))| {
            [
                Value::from(&client),
                (&user.id).into(),
                (&user.username).into(),
                (&user.user_key).into(),
                user_key_folded.into(),
                user.external_id.as_ref().into(),
                user.state.name().into(),
                profile.as_ref().into(),
                user.created_at.into(),
                user.updated_at.into(),
                user.deleted_at.into(),
                user.revision.into(),
                departments.into(),
                held.as_ref().into(),
                provenance.into(),
            ]
        },
    );
    tx.execute_many(sql, rows)
}

/// The members of a department, those who were deleted too. It looks at all the client's users.
pub fn of_department(
    tx: &mut Tx<'_>,
    client: ClientId,
    department: DepartmentId,
) -> Result<Vec<TracedUser>, Error> {
    let sql = select_traced_users!("WHERE client_id = $1 AND departments LIKE $2");
    let members = format!("%{department}%");
    tx.all(sql, &[(&client).into(), (&members).into()], read_traced)
}

/// Marks all members of a department as changed at `at` by the change `revision`. No record becomes
/// older by it. It looks at all the client's users.
pub fn touch_members(
    tx: &mut Tx<'_>,
    client: ClientId,
    department: DepartmentId,
    at: Timestamp,
    revision: i64,
) -> Result<usize, Error> {
    let sql = "UPDATE users SET updated_at = CASE WHEN updated_at > $3 THEN updated_at ELSE $3 END,
               revision = $4 WHERE client_id = $1 AND departments LIKE $2";
    let members = format!("%{department}%");
    tx.execute(
        sql,
        &[
            (&client).into(),
            (&members).into(),
            at.into(),
            revision.into(),
        ],
    )
}

/// Takes everybody out of a department, and says how many were in it. It looks at all the client's
/// users.
pub fn leave_department(
    tx: &mut Tx<'_>,
    client: ClientId,
    department: DepartmentId,
) -> Result<usize, Error> {
    let sql = "UPDATE users SET departments = REPLACE(departments, $3, '')
               WHERE client_id = $1 AND departments LIKE $2";
    let (members, stored) = (format!("%{department}%"), format!("{department} "));
    tx.execute(
        sql,
        &[(&client).into(), (&members).into(), (&stored).into()],
    )
}

fn read(row: &Row<'_>) -> Result<User, Error> {
    let profile = match row.optional_text(5)? {
        None => Profile::default(),
        Some(json) => profile_json::from_stored(json)
            .map_err(|error| Error::Failed(format!("a stored profile: {error}")))?,
    };
    Ok(User {
        id: row.parsed(0, UserId::parse)?,
        username: row.text(1)?.into(),
        user_key: row.text(2)?.into(),
        external_id: row.optional_text(3)?.map(Into::into),
        state: row.parsed(4, State::parse)?,
        profile,
        departments: row.parsed(10, departments_from)?,
        created_at: row.moment(6)?,
        updated_at: row.moment(7)?,
        deleted_at: row.optional_moment(8)?,
        held: read_held(row)?,
        revision: row.number(9)?,
    })
}

fn read_held(row: &Row<'_>) -> Result<Option<Held>, Error> {
    let unreadable = || Error::Failed("column held cannot be read".to_owned());
    let read = |text| Held::from_text(text).ok_or_else(unreadable);
    row.optional_text(11)?.map(read).transpose()
}

fn read_traced(row: &Row<'_>) -> Result<TracedUser, Error> {
    let stored = row.text(12)?;
    let provenance = Provenance::from_text(stored)
        .ok_or_else(|| Error::Failed(format!("a stored provenance: cannot read {stored:?}")))?;
    Ok(TracedUser::stored(read(row)?, provenance))
}

fn departments_from(stored: &str) -> Option<Vec<DepartmentId>> {
    let ids = stored.split_terminator(' ');
    ids.map(DepartmentId::parse).collect()
}

/// What somebody was called before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The change's number.
    pub number: i64,
    /// Who was renamed.
    pub user: UserId,
    /// The username before it.
    pub username: Box<str>,
}

/// Remembers a username that a change replaced: a walk in the order of usernames that began before
/// it goes on under the old one.
pub fn remember_rename(
    tx: &mut Tx<'_>,
    client: ClientId,
    rename: &Rename,
    at: Timestamp,
) -> Result<(), Error> {
    remember_renames(tx, client, std::slice::from_ref(rename), at)
}

/// As [`remember_rename`] each of them.
pub fn remember_renames(
    tx: &mut Tx<'_>,
    client: ClientId,
    renames: &[Rename],
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO renames (client_id, number, user_id, username, at)
               VALUES ($1, $2, $3, $4, $5)";
    let rows = renames.iter().map(|rename| {
        let (user, username) = ((&rename.user).into(), (&rename.username).into());
        [
            Value::from(&client),
            rename.number.into(),
            user,
            username,
            at.into(),
        ]
    });
    tx.execute_many(sql, rows)?;
    Ok(())
}

/// The renames after change number `since`, in the order of their numbers.
pub fn renames_since(tx: &mut Tx<'_>, client: ClientId, since: i64) -> Result<Vec<Rename>, Error> {
    let sql = "SELECT number, user_id, username FROM renames
               WHERE client_id = $1 AND number > $2 ORDER BY number";
    tx.all(sql, &[(&client).into(), since.into()], |row| {
        Ok(Rename {
            number: row.number(0)?,
            user: row.parsed(1, UserId::parse)?,
            username: row.text(2)?.into(),
        })
    })
}
