//! Where the values of a person's fields come from, and which of them provisioning leaves alone.
//!
//! Asked of the database and not of the image, which does not have it: it is seldom asked for.

use std::collections::BTreeSet;

use crate::model::field::{Field, Fields};
use crate::model::id::{ClientId, UserId};
use crate::model::invalid::Invalid;
use crate::model::provenance::{Origin, TracedUser};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::precondition::Precondition;
use crate::operations::users::{find_live, save_pinning, unknown};
use crate::operations::write::write;
use crate::store::{self, Tx};

/// What is known of where a person's values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProvenance {
    /// Whose.
    pub user: UserId,
    /// The record's revision.
    pub revision: i64,
    /// The fields of which something is known, in their order.
    pub fields: Vec<FieldProvenance>,
}

/// What is known of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProvenance {
    /// Which one.
    pub field: Field,
    /// What last changed it; `None` when that was before it was remembered, or never.
    pub origin: Option<Origin>,
    /// The id of the token that changed it, or of the OAuth client that it was issued to; `None` for
    /// the command line.
    pub actor: Option<String>,
    /// Whether provisioning leaves it alone.
    pub is_pinned: bool,
}

/// Pins that are wanted, each of a field that can have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PinChange {
    pinned: Fields,
    unpinned: Fields,
}

impl PinChange {
    /// Wants the field pinned, or not.
    pub fn want(&mut self, field: Field, is_pinned: bool) -> Result<(), Invalid> {
        if !field.is_pinnable() {
            let name = field.name();
            return Err(Invalid::new(&*name, format!("{name} cannot be pinned")));
        }
        let wanted = if is_pinned {
            &mut self.pinned
        } else {
            &mut self.unpinned
        };
        *wanted = *wanted | field.into();
        Ok(())
    }
}

/// Reads a user's provenance.
pub async fn get(app: &App, access: &Access, id: UserId) -> Result<UserProvenance, Error> {
    let client = access.client();
    let read = app.store.read(move |tx| {
        store::clients::change_number(tx, client)?
            .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
        let user = store::users::find(tx, client, id)?.filter(|user| user.deleted_at.is_none());
        known(tx, client, &user.ok_or_else(|| unknown(id))?)
    });
    read.await
}

/// Pins fields and unpins others; no value changes.
pub async fn pin(
    app: &App,
    access: &Access,
    id: UserId,
    change: PinChange,
    precondition: Precondition,
) -> Result<UserProvenance, Error> {
    write(app, access, move |write| {
        let old = find_live(write, id)?;
        precondition.check("user", old.revision)?;
        let pinned = old.provenance().pinned() | change.pinned;
        let pinned = pinned.without(change.unpinned);
        let user = save_pinning(write, &old, old.to_user(), pinned, "updated")?;
        known(write.tx, write.client, &user)
    })
    .await
}

fn known(tx: &mut Tx<'_>, client: ClientId, user: &TracedUser) -> Result<UserProvenance, Error> {
    let provenance = user.provenance();
    let numbers: BTreeSet<i64> = provenance
        .fields()
        .filter_map(|field| Some(provenance.of(field)?.number))
        .collect();
    let actors = store::changes::actors(tx, client, numbers)?;
    let fields = provenance.fields().map(|field| {
        let origin = provenance.of(field);
        FieldProvenance {
            field,
            origin,
            actor: origin.and_then(|origin| actors.get(&origin.number).cloned()),
            is_pinned: provenance.pinned().contains(field),
        }
    });
    Ok(UserProvenance {
        user: user.id,
        revision: user.revision,
        fields: fields.collect(),
    })
}
