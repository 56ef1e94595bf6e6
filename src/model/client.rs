//! A client organisation: whose people a directory is about.

use crate::model::id::ClientId;
use crate::model::provisioning::{Provisioning, ProvisioningChange};
use crate::model::timestamp::Timestamp;

/// The partner through whom a client came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// The partner's own id, as given.
    pub id: Box<str>,
    /// The partner's name.
    pub name: Box<str>,
}

/// A client organisation (Clients API, Clients).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The id.
    pub id: ClientId,
    /// The name that people know it by.
    pub name: Box<str>,
    /// The partner through whom it came.
    pub partner: Option<Partner>,
    /// What its agents enrol with; opaque to us.
    pub enrollment_token: Option<Box<str>>,
    /// How it is provisioned.
    pub provisioning: Provisioning,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When the record was last changed.
    pub updated_at: Timestamp,
    /// The number of the change that last touched the record.
    pub revision: i64,
}

/// What a new client is made of; the id is made when none is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// An id of the caller's choice.
    pub id: Option<ClientId>,
    /// The name that people know it by.
    pub name: Box<str>,
    /// The partner through whom it came.
    pub partner: Option<Partner>,
    /// What its agents enrol with.
    pub enrollment_token: Option<Box<str>>,
}

/// What is to change of a client; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientChange {
    /// A new name.
    pub name: Option<Box<str>>,
    /// Another partner, or none.
    pub partner: Option<Option<Partner>>,
    /// Another enrolment token, or none.
    pub enrollment_token: Option<Option<Box<str>>>,
    /// Other settings for whoever provisions it.
    pub provisioning: ProvisioningChange,
}
