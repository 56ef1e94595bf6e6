//! What rows would come to, told row by row for who looks before they apply.

use std::borrow::Cow;

use crate::model::change::Entity;
use crate::model::field::{Field, Fields};
use crate::model::id::DepartmentId;
use crate::model::import::BadRow;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::model::user_difference::value_of;
use crate::operations::changes::{Difference, Shown};
use crate::operations::error::Error;
use crate::operations::import::apply::Applying;

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
        fields: Vec<Difference>,
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

impl Applying<'_, '_, '_> {
    /// Whether it is told what rows would come to.
    fn tells(&self) -> bool {
        self.terms.is_rehearsal && self.effects.len() < EFFECTS_MAX
    }

    /// What would differ of somebody, if that is told; `is_seen_later` is their activity.
    pub(super) fn differences(
        &mut self,
        old: &User,
        new: &User,
        is_seen_later: bool,
    ) -> Result<Vec<Difference>, Error> {
        if !self.tells() {
            return Ok(Vec::new());
        }
        let (departments, write) = (&mut self.departments, &mut *self.write);
        let mut all = differing(old, new, |id| departments.name(write, id))?;
        // By which channel and when stands in the row.
        all.extend(is_seen_later.then_some(Difference {
            field: "last_activity".into(),
            from: None,
            to: None,
        }));
        Ok(all)
    }

    /// Tells in a rehearsal what the row would come to, as long as not too much is told.
    pub(super) fn tell(
        &mut self,
        entity: Entity,
        name: &str,
        action: &'static str,
        fields: impl FnOnce() -> Vec<Difference>,
    ) {
        if !self.tells() {
            return;
        }
        let what = What::Written {
            entity,
            name: name.into(),
            action,
            fields: fields(),
        };
        let line = self.line;
        self.effects.push(Effect { line, what });
    }
}

/// What would differ of somebody's record. `name` says what a department is called.
fn differing(
    old: &User,
    new: &User,
    mut name: impl FnMut(DepartmentId) -> Result<Box<str>, Error>,
) -> Result<Vec<Difference>, Error> {
    let mut all = Vec::new();
    for field in Fields::differing(Some(old), new).iter() {
        let mut shown = |user: &User| -> Result<Option<Shown>, Error> {
            if field != Field::Departments {
                return Ok(value_of(user, field).map(Shown::Text));
            }
            let names = user.departments.iter().map(|id| name(*id));
            let names = names.collect::<Result<Vec<_>, _>>()?;
            Ok((!names.is_empty()).then_some(Shown::List(names)))
        };
        let (from, to) = (shown(old)?, shown(new)?);
        all.extend(difference(field.name(), from, to));
    }
    let created = [old, new].map(|user| moment(Some(user.created_at)));
    let deleted = [old, new].map(|user| moment(user.deleted_at));
    for (name, [from, to]) in [("created_at", created), ("deleted_at", deleted)] {
        all.extend(difference(name, from, to));
    }
    Ok(all)
}

/// A field that differs, if it does.
pub(super) fn difference(
    field: impl Into<Cow<'static, str>>,
    from: Option<Shown>,
    to: Option<Shown>,
) -> Option<Difference> {
    let field = field.into();
    (from != to).then_some(Difference { field, from, to })
}

/// A moment as a value.
pub(super) fn moment(moment: Option<Timestamp>) -> Option<Shown> {
    moment.map(|moment| Shown::Text(moment.with_milliseconds().into()))
}
