//! Provisioning: what identity providers say of people over SCIM 2.0, and what they are shown.
//!
//! The crate `scim` knows the protocol's data and none of ours; this is where both meet.

mod breaker;
pub mod groups;
pub mod holds;
mod manager;
mod mapping;
mod resource;
pub mod users;

pub use resource::{group_tag, user as resource};

use scim::Map;
use scim::filter::Filter;
use scim::sort::Sort;

use crate::model::provisioning::Intent;
use crate::model::user::UserView;

/// Whether somebody is there for who provisions them: not if they were told that they are deleted.
fn is_there(user: &UserView<'_>) -> bool {
    user.deleted_at.is_none() && user.held != Some(Intent::Delete)
}

/// What is looked for.
#[derive(Debug)]
pub struct Search {
    /// What is to match; everything when there is none.
    pub filter: Option<Filter>,
    /// In which order; that of ids when there is none.
    pub sort: Option<Sort>,
    /// The first that is shown, counted from 1.
    pub start_index: usize,
    /// How many are shown.
    pub count: usize,
    /// Whether groups are shown with their members.
    pub has_members: bool,
    /// The address of the client's SCIM root.
    pub base: String,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// How many there are in all.
    pub total: usize,
    /// Those that are shown.
    pub resources: Vec<Map>,
}

impl Search {
    /// The page of what was found, in its order.
    fn cut(&self, mut found: Vec<Map>) -> Found {
        if let Some(sort) = &self.sort {
            sort.sort(&mut found);
        }
        let total = found.len();
        let skipped = self.start_index.saturating_sub(1);
        Found {
            total,
            resources: found.into_iter().skip(skipped).take(self.count).collect(),
        }
    }
}
