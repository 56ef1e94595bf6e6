//! Provisioning: what identity providers say of people over SCIM 2.0, and what they are shown.
//!
//! The crate `scim` knows the protocol's data and none of ours; this is where both meet.

mod breaker;
pub mod groups;
pub mod holds;
mod manager;
mod mapping;
mod resource;
mod search;
pub mod users;

pub use resource::{group_tag, user as resource};
pub use search::{Found, Listing, Place, Search, Start, search};

use crate::model::provisioning::Intent;
use crate::model::user::UserView;

/// Whether somebody is there for who provisions them: not if they were told that they are deleted.
fn is_there(user: &UserView<'_>) -> bool {
    user.deleted_at.is_none() && user.held != Some(Intent::Delete)
}
