//! Client organisations.

use std::sync::Arc;

use serde_json::json;

use crate::model::change::{Actor, Entity};
use crate::model::client::{Client, ClientChange, NewClient};
use crate::model::id::ClientId;
use crate::model::instance::{Instance, InstanceName};
use crate::model::invalid::Invalid;
use crate::model::page::{Page, Position, SortKey};
use crate::model::provisioning::Provisioning;
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::caller::{Access, AdminAccess};
use crate::operations::error::{Error, Noun};
use crate::operations::instances;
use crate::operations::precondition::Precondition;
use crate::operations::users::live;
use crate::operations::write::{Done, Once, write};
use crate::store::changes::Change;
use crate::store::{self, Tx};

/// Lends the client's own record to `show`.
pub async fn get<R>(
    app: &App,
    access: &Access,
    show: impl FnOnce(&Client) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    Ok(show(image.client()))
}

/// A page of all clients, by id.
pub async fn list(
    app: &App,
    _access: &AdminAccess,
    after: Option<ClientId>,
    size: usize,
) -> Result<Page<Client>, Error> {
    let one_more = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
    let (mut items, count) = app
        .store
        .read(move |tx| {
            let items = store::clients::page(tx, after, one_more)?;
            Ok::<_, Error>((items, store::clients::count(tx)?))
        })
        .await?;
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|client| Position {
        key: SortKey::Id,
        id: client.id.0,
        since: 0,
    });
    Ok(Page {
        items,
        total_count: u64::try_from(count).unwrap_or(0),
        next,
    })
}

/// Creates a client.
pub async fn create(
    app: &App,
    access: &AdminAccess,
    new: NewClient,
    once: Option<Once<Client>>,
) -> Result<Done<Client>, Error> {
    let fresh_id = ClientId(app.new_id());
    let actor = access.actor();
    let clock = Arc::clone(&app.clock);
    let done = app
        .store
        .write(move |tx| {
            let now = clock.now();
            Once::apply(once.as_ref(), tx, None, actor, now, |tx| {
                let client = made_of(new.clone(), fresh_id, now);
                insert(tx, &client, actor)?;
                Ok(client)
            })
        })
        .await?;
    if let Done::Now(client) = &done {
        // Somebody may be asking for that id just now and about to find that there is none: whoever
        // asks after this must not join them.
        app.directory.catch_up(client.id, client.revision).await?;
    }
    Ok(done)
}

/// Creates a client and instances of its gateway: all of it, or nothing when a name or the id is
/// taken.
pub async fn create_with_instances(
    app: &App,
    access: &AdminAccess,
    new: NewClient,
    names: Vec<InstanceName>,
) -> Result<Client, Error> {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(Invalid::new("instance", format!("{name} is named twice")).into());
        }
    }
    let fresh_id = ClientId(app.new_id());
    let actor = access.actor();
    let clock = Arc::clone(&app.clock);
    let client = app
        .store
        .write(move |tx| {
            let client = made_of(new.clone(), fresh_id, clock.now());
            insert(tx, &client, actor)?;
            for name in &names {
                let instance = Instance {
                    name: name.clone(),
                    client: client.id,
                    created_at: client.created_at,
                };
                instances::insert(tx, &instance)?;
            }
            Ok::<_, Error>(client)
        })
        .await?;
    app.registry.refresh().await?;
    Ok(client)
}

fn made_of(new: NewClient, fresh_id: ClientId, now: Timestamp) -> Client {
    Client {
        id: new.id.unwrap_or(fresh_id),
        name: new.name,
        partner: new.partner,
        enrollment_token: new.enrollment_token,
        provisioning: Provisioning::default(),
        created_at: now,
        updated_at: now,
        revision: 1,
    }
}

fn insert(tx: &mut Tx<'_>, client: &Client, actor: Actor) -> Result<(), Error> {
    if !store::clients::insert(tx, client)? {
        return Err(Error::conflict("id", "The id is taken"));
    }
    store::registry::advance(tx)?;
    let change = Change {
        number: client.revision,
        at: client.created_at,
        actor,
        entity: Entity::Client,
        entity_id: client.id.as_str(),
        action: "created",
        detail: &json!({ "name": client.name }).to_string(),
        previous: None,
    };
    store::changes::insert(tx, client.id, &change)?;
    Ok(())
}

/// Changes the client's own record.
pub async fn update(
    app: &App,
    access: &Access,
    change: ClientChange,
    precondition: Precondition,
) -> Result<Client, Error> {
    write(app, access, move |write| {
        let old = store::clients::find(write.tx, write.client)?
            .ok_or_else(|| Error::not_found(Noun::Client, write.client.as_str()))?;
        precondition.check("client", old.revision)?;
        let mut new = old.clone();
        change.clone().apply(&mut new);
        if new == old {
            return Ok(old);
        }
        // The enrolment token is a secret: the log says only that it changed.
        let detail = json!({
            "name": { "from": old.name, "to": new.name },
            "partner": {
                "from": old.partner.as_ref().map(|partner| &partner.id),
                "to": new.partner.as_ref().map(|partner| &partner.id),
            },
            "provisioning": {
                "from": old.provisioning.to_text(),
                "to": new.provisioning.to_text(),
            },
            "enrollment_token_changed": old.enrollment_token != new.enrollment_token,
        });
        new.updated_at = write.now.max(old.updated_at);
        let record = (Entity::Client, new.id.as_str());
        new.revision = write.record(record, "updated", &detail, Some(old.revision))?;
        store::clients::update(write.tx, &new)?;
        Ok(new)
    })
    .await
}

impl ClientChange {
    fn apply(self, client: &mut Client) {
        if let Some(name) = self.name {
            client.name = name;
        }
        if let Some(partner) = self.partner {
            client.partner = partner;
        }
        client.provisioning = self.provisioning.apply(client.provisioning);
        if let Some(enrollment_token) = self.enrollment_token {
            client.enrollment_token = enrollment_token;
        }
    }
}
