//! Client organisations, and the lock that makes one client's writes serial.

use crate::model::client::{Client, Partner};
use crate::model::id::ClientId;
use crate::model::provisioning::Provisioning;
use crate::store::error::Error;
use crate::store::tx::{Row, Tx};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_clients {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, partner_id, partner_name, enrollment_token, created_at, updated_at,
             revision, provisioning FROM clients ",
            $rest
        )
    };
}

/// Locks the client until the transaction ends, and says the number of its latest change. `None`
/// when there is no such client. Every write of a client's data begins with this: so its changes
/// are numbered without gaps, in the order of their commits.
pub fn lock(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<i64>, Error> {
    let sql = "SELECT change_number FROM clients WHERE id = $1";
    tx.one_locked(sql, &[(&client).into()], |row| row.number(0))
}

/// Sets the number of the client's latest change.
pub fn set_change_number(tx: &mut Tx<'_>, client: ClientId, number: i64) -> Result<(), Error> {
    let sql = "UPDATE clients SET change_number = $2 WHERE id = $1";
    tx.execute(sql, &[(&client).into(), number.into()])?;
    Ok(())
}

/// The number of the client's latest change; `None` when there is no such client.
pub fn change_number(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<i64>, Error> {
    let sql = "SELECT change_number FROM clients WHERE id = $1";
    tx.one(sql, &[(&client).into()], |row| row.number(0))
}

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// The client.
    pub client: ClientId,
    /// The number of its latest change.
    pub change: i64,
    /// The number of the latest entry of its activity log; 0 before the first.
    pub activity: i64,
}

/// How far each client has come: what every node asks twice a second, in one query.
pub fn latest(tx: &mut Tx<'_>) -> Result<Vec<Latest>, Error> {
    let sql = "SELECT clients.id, clients.change_number, COALESCE(activity_counters.number, 0)
               FROM clients LEFT JOIN activity_counters ON activity_counters.client_id = clients.id";
    tx.all(sql, &[], |row| {
        Ok(Latest {
            client: row.parsed(0, ClientId::parse)?,
            change: row.number(1)?,
            activity: row.number(2)?,
        })
    })
}

/// The client of that id.
pub fn find(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<Client>, Error> {
    tx.one(select_clients!("WHERE id = $1"), &[(&client).into()], read)
}

/// How many clients there are.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let count = tx.one("SELECT COUNT(*) FROM clients", &[], |row| row.number(0))?;
    Ok(count.unwrap_or(0))
}

/// Up to `count` clients behind `after`, by id.
pub fn page(tx: &mut Tx<'_>, after: Option<ClientId>, count: i64) -> Result<Vec<Client>, Error> {
    let after = after.as_ref().map_or("", ClientId::as_str);
    let sql = select_clients!("WHERE id > $1 ORDER BY id LIMIT $2");
    tx.all(sql, &[after.into(), count.into()], read)
}

/// Adds a client. `false`, and nothing added, when the id is taken.
pub fn insert(tx: &mut Tx<'_>, client: &Client) -> Result<bool, Error> {
    let sql = "INSERT INTO clients (id, name, partner_id, partner_name, enrollment_token,
               created_at, updated_at, revision, provisioning, change_number)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8) ON CONFLICT DO NOTHING";
    write(tx, sql, client)
}

/// Replaces a client's record. `false` when there is no such client.
pub fn update(tx: &mut Tx<'_>, client: &Client) -> Result<bool, Error> {
    let sql = "UPDATE clients SET name = $2, partner_id = $3, partner_name = $4,
               enrollment_token = $5, created_at = $6, updated_at = $7, revision = $8,
               provisioning = $9
               WHERE id = $1";
    write(tx, sql, client)
}

fn write(tx: &mut Tx<'_>, sql: &str, client: &Client) -> Result<bool, Error> {
    let count = tx.execute(
        sql,
        &[
            (&client.id).into(),
            (&client.name).into(),
            client.partner.as_ref().map(|partner| &partner.id).into(),
            client.partner.as_ref().map(|partner| &partner.name).into(),
            client.enrollment_token.as_ref().into(),
            client.created_at.into(),
            client.updated_at.into(),
            client.revision.into(),
            client.provisioning.to_text().as_ref().into(),
        ],
    )?;
    Ok(count == 1)
}

fn provisioning(row: &Row<'_>) -> Result<Provisioning, Error> {
    let unreadable = || Error::Failed("column provisioning cannot be read".to_owned());
    let read = |text| Provisioning::from_text(text).ok_or_else(unreadable);
    row.optional_text(8)?
        .map_or(Ok(Provisioning::default()), read)
}

fn read(row: &Row<'_>) -> Result<Client, Error> {
    let partner = match (row.optional_text(2)?, row.optional_text(3)?) {
        (Some(id), Some(name)) => Some(Partner {
            id: id.into(),
            name: name.into(),
        }),
        _ => None,
    };
    Ok(Client {
        id: row.parsed(0, ClientId::parse)?,
        name: row.text(1)?.into(),
        partner,
        enrollment_token: row.optional_text(4)?.map(Into::into),
        created_at: row.moment(5)?,
        updated_at: row.moment(6)?,
        revision: row.number(7)?,
        provisioning: provisioning(row)?,
    })
}
