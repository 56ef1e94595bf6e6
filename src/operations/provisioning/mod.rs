//! Provisioning: what identity providers say of people over SCIM 2.0, and what they are shown.
//!
//! The crate `scim` knows the protocol's data and none of ours; this is where both meet.

pub mod groups;
mod mapping;
mod resource;
pub mod users;

pub use resource::{group_tag, user as resource};

use scim::Map;

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// How many there are in all.
    pub total: usize,
    /// Those that are shown.
    pub resources: Vec<Map>,
}

impl Found {
    /// The page of what was found that begins at `start_index`, counted from 1.
    fn page(found: Vec<Map>, start_index: usize, count: usize) -> Self {
        let total = found.len();
        let skipped = start_index.saturating_sub(1);
        Self {
            total,
            resources: found.into_iter().skip(skipped).take(count).collect(),
        }
    }
}
