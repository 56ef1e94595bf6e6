//! Who belongs to which department, and in which order.

use crate::model::id::{ClientId, DepartmentId, UserId};
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// Hands each membership of the client to `each`: by user, the primary department first.
pub fn each<E: From<Error>>(
    tx: &mut Tx<'_>,
    client: ClientId,
    mut each: impl FnMut(UserId, DepartmentId) -> Result<(), E>,
) -> Result<(), E> {
    // By user they come as the key has them. Within one they are few, and sorted here: the database
    // would look at all of them for that.
    let sql = "SELECT user_id, department_id, position FROM memberships WHERE client_id = $1
               ORDER BY user_id";
    let mut of_one: Vec<(i64, DepartmentId)> = Vec::new();
    let mut one = None;
    let mut hand_on = |user: Option<UserId>, departments: &mut Vec<(i64, DepartmentId)>| {
        departments.sort_unstable();
        let mut departments = departments.drain(..);
        departments
            .try_for_each(|(_, department)| user.map_or(Ok(()), |user| each(user, department)))
    };
    tx.each(sql, &[(&client).into()], |row| {
        let (user, department) = read(row)?;
        if one != Some(user) {
            hand_on(one.replace(user), &mut of_one)?;
        }
        of_one.push((row.number(2)?, department));
        Ok::<(), E>(())
    })?;
    hand_on(one, &mut of_one)
}

/// The memberships of the users that changes after number `since` touched.
pub fn changed_since(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
) -> Result<Vec<(UserId, DepartmentId)>, Error> {
    let sql = "SELECT m.user_id, m.department_id FROM users u
               JOIN memberships m ON m.client_id = u.client_id AND m.user_id = u.id
               WHERE u.client_id = $1 AND u.revision > $2
               ORDER BY m.user_id, m.position, m.department_id";
    tx.all(sql, &[(&client).into(), since.into()], read)
}

/// One user's departments, the primary one first.
pub fn of_user(
    tx: &mut Tx<'_>,
    client: ClientId,
    user: UserId,
) -> Result<Vec<DepartmentId>, Error> {
    let of_one = of_users(tx, client, [&user])?.into_iter();
    Ok(of_one.map(|(_, department)| department).collect())
}

/// As [`of_user`] of each of them, with whose they are.
pub fn of_users<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    users: impl IntoIterator<Item = &'k UserId>,
) -> Result<Vec<(UserId, DepartmentId)>, Error> {
    let sql = "SELECT user_id, department_id FROM memberships WHERE client_id = $1 AND user_id = $2
               ORDER BY position, department_id";
    let questions = users.into_iter();
    let questions = questions.map(|user| [Value::from(&client), user.into()]);
    tx.all_many(sql, questions, read)
}

/// A user, and the departments, the primary one first.
pub type Of<'a> = (UserId, &'a [DepartmentId]);

/// Gives a user exactly these departments, in this order.
pub fn replace(
    tx: &mut Tx<'_>,
    client: ClientId,
    user: UserId,
    departments: &[DepartmentId],
) -> Result<(), Error> {
    replace_many(tx, client, &[(user, departments)])
}

/// As [`replace`] for each of them.
pub fn replace_many(tx: &mut Tx<'_>, client: ClientId, all: &[Of<'_>]) -> Result<(), Error> {
    let sql = "DELETE FROM memberships WHERE client_id = $1 AND user_id = $2";
    let rows = all
        .iter()
        .map(|(user, _)| [Value::from(&client), user.into()]);
    tx.execute_many(sql, rows)?;
    insert_many(tx, client, all)
}

/// Gives users who have none these departments, in this order.
pub fn insert_many(tx: &mut Tx<'_>, client: ClientId, all: &[Of<'_>]) -> Result<(), Error> {
    let sql = "INSERT INTO memberships (client_id, user_id, department_id, position)
               VALUES ($1, $2, $3, $4)";
    let client = Value::from(&client);
    let rows = all.iter().flat_map(|(user, departments)| {
        let in_order = (0_i64..).zip(*departments);
        in_order.map(move |(position, department)| {
            [client, user.into(), department.into(), position.into()]
        })
    });
    tx.execute_many(sql, rows)?;
    Ok(())
}

/// Takes everybody out of a department.
pub fn clear(tx: &mut Tx<'_>, client: ClientId, department: DepartmentId) -> Result<usize, Error> {
    let sql = "DELETE FROM memberships WHERE client_id = $1 AND department_id = $2";
    tx.execute(sql, &[(&client).into(), (&department).into()])
}

fn read(row: &Row<'_>) -> Result<(UserId, DepartmentId), Error> {
    Ok((
        row.parsed(0, UserId::parse)?,
        row.parsed(1, DepartmentId::parse)?,
    ))
}
