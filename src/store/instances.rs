//! Gateway instances and the public keys that they accept.

use crate::model::id::{ClientId, KeyId};
use crate::model::instance::{Instance, InstanceKey, InstanceName, SigningAlgorithm};
use crate::store::error::Error;
use crate::store::tx::Tx;

/// Adds an instance. `false`, and nothing added, when the name is taken.
pub fn insert(tx: &mut Tx<'_>, instance: &Instance) -> Result<bool, Error> {
    let sql = "INSERT INTO instances (name, client_id, created_at) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING";
    let count = tx.execute(
        sql,
        &[
            instance.name.as_str().into(),
            (&instance.client).into(),
            instance.created_at.into(),
        ],
    )?;
    Ok(count == 1)
}

/// All instances, by name.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Instance>, Error> {
    let sql = "SELECT name, client_id, created_at FROM instances ORDER BY name";
    tx.all(sql, &[], |row| {
        Ok(Instance {
            name: row.parsed(0, |name| InstanceName::parse(name).ok())?,
            client: row.parsed(1, ClientId::parse)?,
            created_at: row.moment(2)?,
        })
    })
}

/// Takes an instance and its keys away. `false` when there is none of that name.
pub fn delete(tx: &mut Tx<'_>, name: &InstanceName) -> Result<bool, Error> {
    tx.execute(
        "DELETE FROM instance_keys WHERE instance = $1",
        &[name.as_str().into()],
    )?;
    let count = tx.execute(
        "DELETE FROM instances WHERE name = $1",
        &[name.as_str().into()],
    )?;
    Ok(count == 1)
}

/// Adds a key to an instance that exists.
pub fn insert_key(tx: &mut Tx<'_>, key: &InstanceKey) -> Result<(), Error> {
    let sql = "INSERT INTO instance_keys (id, instance, audience, algorithm, pem, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(
        sql,
        &[
            (&key.id).into(),
            key.instance.as_str().into(),
            (&key.audience).into(),
            key.algorithm.name().into(),
            (&key.pem).into(),
            key.created_at.into(),
        ],
    )?;
    Ok(())
}

/// Takes a key away. `false` when the instance has none of that id.
pub fn delete_key(tx: &mut Tx<'_>, instance: &InstanceName, id: KeyId) -> Result<bool, Error> {
    let sql = "DELETE FROM instance_keys WHERE instance = $1 AND id = $2";
    let count = tx.execute(sql, &[instance.as_str().into(), (&id).into()])?;
    Ok(count == 1)
}

/// All keys of all instances, by instance and then the oldest first.
pub fn all_keys(tx: &mut Tx<'_>) -> Result<Vec<InstanceKey>, Error> {
    let sql = "SELECT id, instance, audience, algorithm, pem, created_at FROM instance_keys
               ORDER BY instance, created_at, id";
    tx.all(sql, &[], |row| {
        Ok(InstanceKey {
            id: row.parsed(0, KeyId::parse)?,
            instance: row.parsed(1, |name| InstanceName::parse(name).ok())?,
            audience: row.text(2)?.into(),
            algorithm: row.parsed(3, SigningAlgorithm::parse)?,
            pem: row.text(4)?.into(),
            created_at: row.moment(5)?,
        })
    })
}
