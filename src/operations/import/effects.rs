//! What rows would come to, told row by row for who looks before they apply.

use std::borrow::Cow;

use crate::model::change::Entity;
use crate::model::field::{Field, Fields};
use crate::model::import::BadRow;
use crate::model::user::User;

/// Effects that are told of one file at most, and of one batch.
pub const EFFECTS_MAX: usize = 500;

/// What a row would come to; one that would change nothing has none. A row that names a department
/// which is not there yet has two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The line that the row begins on.
    pub line: u64,
    /// What would happen.
    pub what: What,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A record would be created or changed.
    Written {
        /// Which kind of record.
        entity: Entity,
        /// Its name, as it would be.
        name: Box<str>,
        /// `created`, `updated`, `restored` or `deleted`.
        action: &'static str,
        /// What would differ of one that is there.
        fields: Vec<Cow<'static, str>>,
    },
    /// The row would be refused.
    Refused {
        /// The column's name or the JSON field's path; `None` when it is about the row as a whole.
        column: Option<String>,
        /// A sentence.
        reason: String,
    },
}

impl From<BadRow> for Effect {
    fn from(bad: BadRow) -> Self {
        let BadRow {
            line,
            column,
            reason,
        } = bad;
        Self {
            line,
            what: What::Refused { column, reason },
        }
    }
}

/// What would differ of somebody, by the names of the fields; `is_seen_later` is their activity.
pub(super) fn differing(old: &User, new: &User, is_seen_later: bool) -> Vec<Cow<'static, str>> {
    let fields = Fields::differing(Some(old), new);
    let others = [
        ("created_at", old.created_at != new.created_at),
        ("deleted_at", old.deleted_at != new.deleted_at),
        ("last_activity", is_seen_later),
    ];
    let others = others.into_iter().filter(|(_, differs)| *differs);
    let others = others.map(|(name, _)| Cow::Borrowed(name));
    fields.iter().map(Field::name).chain(others).collect()
}
