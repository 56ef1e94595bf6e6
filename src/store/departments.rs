//! Departments' own records.

use crate::model::department::Department;
use crate::model::id::{ClientId, DepartmentId};
use crate::model::text::fold;
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_departments {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, description, created_at, updated_at, deleted_at, revision,
             external_id FROM departments ",
            $rest
        )
    };
}

/// The departments that changes after number `since` touched, deleted ones too; all, from -1.
pub fn changed_since(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
) -> Result<Vec<Department>, Error> {
    let sql = select_departments!("WHERE client_id = $1 AND revision > $2");
    tx.all(sql, &[(&client).into(), since.into()], read)
}

/// The department of that id, unless it was deleted.
pub fn find(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: DepartmentId,
) -> Result<Option<Department>, Error> {
    let sql = select_departments!("WHERE client_id = $1 AND id = $2 AND deleted_at IS NULL");
    tx.one(sql, &[(&client).into(), (&id).into()], read)
}

/// The department of that id, deleted or not.
pub fn find_or_deleted(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: DepartmentId,
) -> Result<Option<Department>, Error> {
    Ok(find_many(tx, client, [&id])?.pop())
}

/// The department of that name, whatever its case, unless it was deleted.
pub fn find_by_name(
    tx: &mut Tx<'_>,
    client: ClientId,
    name: &str,
) -> Result<Option<Department>, Error> {
    Ok(find_many_by_name(tx, client, [&fold(name)])?.pop())
}

/// The department of that external id, unless it was deleted.
pub fn find_by_external_id(
    tx: &mut Tx<'_>,
    client: ClientId,
    external_id: &str,
) -> Result<Option<Department>, Error> {
    let sql = select_departments!("WHERE client_id = $1 AND external_id = $2");
    tx.one(sql, &[(&client).into(), external_id.into()], read)
}

/// Those of the departments of these ids that are there, deleted or not.
pub fn find_many<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    ids: impl IntoIterator<Item = &'k DepartmentId>,
) -> Result<Vec<Department>, Error> {
    let sql = select_departments!("WHERE client_id = $1 AND id = $2");
    read_many(tx, sql, client, ids.into_iter().map(Into::into))
}

/// Those of the departments of these names that are there, unless they were deleted. The names are
/// folded already.
pub fn find_many_by_name<'k>(
    tx: &mut Tx<'_>,
    client: ClientId,
    folded_names: impl IntoIterator<Item = &'k String>,
) -> Result<Vec<Department>, Error> {
    let sql = select_departments!("WHERE client_id = $1 AND name_folded = $2");
    read_many(tx, sql, client, folded_names.into_iter().map(Into::into))
}

fn read_many<'k>(
    tx: &mut Tx<'_>,
    sql: &str,
    client: ClientId,
    keys: impl Iterator<Item = Value<'k>>,
) -> Result<Vec<Department>, Error> {
    tx.all_many(sql, keys.map(|key| [Value::from(&client), key]), read)
}

/// Adds a department. `false`, and nothing added, when the id, the name or the external id is taken.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, department: &Department) -> Result<bool, Error> {
    let sql = "INSERT INTO departments (client_id, id, name, name_folded, description, created_at,
               updated_at, deleted_at, revision, external_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT DO NOTHING";
    write(tx, sql, client, department)
}

/// Replaces a department's record. `false` when there is no such department. The caller has made
/// sure that the name is free.
pub fn update(tx: &mut Tx<'_>, client: ClientId, department: &Department) -> Result<bool, Error> {
    let sql = "UPDATE departments SET name = $3, name_folded = $4, description = $5,
               created_at = $6, updated_at = $7, deleted_at = $8, revision = $9, external_id = $10
               WHERE client_id = $1 AND id = $2";
    write(tx, sql, client, department)
}

fn write(
    tx: &mut Tx<'_>,
    sql: &str,
    client: ClientId,
    department: &Department,
) -> Result<bool, Error> {
    // Once deleted, both are free again.
    let is_live = department.deleted_at.is_none();
    let name_folded = is_live.then(|| fold(&department.name));
    let external_id = department.external_id.as_ref().filter(|_| is_live);
    let count = tx.execute(
        sql,
        &[
            (&client).into(),
            (&department.id).into(),
            (&department.name).into(),
            name_folded.as_ref().into(),
            department.description.as_ref().into(),
            department.created_at.into(),
            department.updated_at.into(),
            department.deleted_at.into(),
            department.revision.into(),
            external_id.into(),
        ],
    )?;
    Ok(count == 1)
}

fn read(row: &Row<'_>) -> Result<Department, Error> {
    Ok(Department {
        id: row.parsed(0, DepartmentId::parse)?,
        name: row.text(1)?.into(),
        description: row.optional_text(2)?.map(Into::into),
        created_at: row.moment(3)?,
        updated_at: row.moment(4)?,
        deleted_at: row.optional_moment(5)?,
        revision: row.number(6)?,
        external_id: row.optional_text(7)?.map(Into::into),
    })
}
