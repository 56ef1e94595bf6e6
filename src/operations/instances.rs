//! Gateway instances and their keys, which the command line and the console change.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::id::{ClientId, KeyId};
use crate::model::instance::{Instance, InstanceKey, InstanceName};
use crate::model::invalid::Invalid;
use crate::model::scope::Scope;
use crate::model::token::TokenHash;
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::error::{Error, Noun};
use crate::operations::jwt;
use crate::store::{self, Tx};

/// Makes an instance of the client's gateway.
pub async fn create(
    app: &App,
    _access: &AdminAccess,
    name: InstanceName,
    client: ClientId,
) -> Result<Instance, Error> {
    let instance = Instance {
        name,
        client,
        created_at: app.now(),
    };
    let stored = instance.clone();
    app.store
        .write(move |tx| {
            store::registry::advance(tx)?;
            if store::clients::find(tx, client)?.is_none() {
                return Err(Error::not_found(Noun::Client, client.as_str()));
            }
            insert(tx, &stored)
        })
        .await?;
    app.registry.refresh().await?;
    Ok(instance)
}

/// Adds an instance whose client was found to exist, where the registry's number was advanced.
pub(super) fn insert(tx: &mut Tx<'_>, instance: &Instance) -> Result<(), Error> {
    if !store::instances::insert(tx, instance)? {
        let reason = format!("An instance named {} exists", instance.name);
        return Err(Error::conflict("instance", reason));
    }
    Ok(())
}

/// All instances with their keys, by name.
pub async fn list(
    app: &App,
    _access: &AdminAccess,
) -> Result<Vec<(Instance, Vec<InstanceKey>)>, Error> {
    app.store
        .read(|tx| {
            let keys = store::instances::all_keys(tx)?;
            let instances = store::instances::all(tx)?.into_iter();
            Ok(instances
                .map(|instance| {
                    let own = keys.iter().filter(|key| key.instance == instance.name);
                    let own = own.cloned().collect();
                    (instance, own)
                })
                .collect())
        })
        .await
}

/// Takes an instance away, with its keys.
pub async fn delete(app: &App, _access: &AdminAccess, name: InstanceName) -> Result<(), Error> {
    app.store
        .write(move |tx| {
            store::registry::advance(tx)?;
            if !store::instances::delete(tx, &name)? {
                return Err(Error::not_found(Noun::Instance, name.as_str()));
            }
            Ok(())
        })
        .await?;
    Ok(app.registry.refresh().await?)
}

/// Lets the instance accept tokens that are signed with the private half of `pem`.
pub async fn add_key(
    app: &App,
    access: &AdminAccess,
    instance: InstanceName,
    audience: &str,
    pem: &str,
) -> Result<InstanceKey, Error> {
    // Whoever has the private half reads everybody through the gateway.
    access.assert_may_grant([Scope::GatewayRead])?;
    let audience = crate::model::text::checked("audience", audience, 2_000)?.into();
    let algorithm = jwt::algorithm_of(pem).ok_or_else(|| {
        Invalid::new(
            "key",
            "the file must hold a public key of P-256 or RSA (2048 bits at least)",
        )
    })?;
    let id = KeyId(app.new_id());
    let key = InstanceKey {
        id,
        instance,
        audience,
        algorithm,
        pem: pem.into(),
        created_at: app.now(),
    };
    let stored = Arc::new(key.clone());
    app.store
        .write(move |tx| {
            store::registry::advance(tx)?;
            let known = store::instances::all(tx)?;
            if !known
                .iter()
                .any(|instance| instance.name == stored.instance)
            {
                return Err(Error::not_found(Noun::Instance, stored.instance.as_str()));
            }
            store::instances::insert_key(tx, &stored)?;
            Ok(())
        })
        .await?;
    app.registry.refresh().await?;
    Ok(key)
}

/// Has the instance accept a key's tokens no more.
pub async fn remove_key(
    app: &App,
    _access: &AdminAccess,
    instance: InstanceName,
    id: KeyId,
) -> Result<(), Error> {
    app.store
        .write(move |tx| {
            store::registry::advance(tx)?;
            let removed = store::instances::delete_key(tx, &instance, id)?;
            let unknown = || Error::not_found(Noun::Key, id.as_str());
            removed.then_some(()).ok_or_else(unknown)
        })
        .await?;
    Ok(app.registry.refresh().await?)
}

/// The SHA-256 of a key, in hexadecimal digits, by which people compare it with their own: that of
/// what `openssl pkey -pubin -outform der` writes.
pub fn fingerprint(key: &InstanceKey) -> String {
    let der = jwt::der_of(&key.pem).unwrap_or_default();
    TokenHash(Sha256::digest(&der).into()).to_hex()
}
