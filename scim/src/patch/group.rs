//! A PATCH of a group whose members are not at hand.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Op, Operation, PatchRequest};
use crate::Map;
use crate::error::{ScimError, ScimType};
use crate::filter::{Comparison, ElementFilter, Join, Literal, Operator, Test};
use crate::path::Path;
use crate::quirk::{Quirk, note};
use crate::resource::{Target, check_writable, coerce_elements, target};
use crate::schema::Kind;

/// A PATCH of a group in two: what happens to the members, who are kept elsewhere, and what
/// happens to everything else. Neither depends on the other, so their order does not matter.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPatch {
    /// What happens to the members.
    pub members: MemberChange,
    /// The rest, to be applied to the group without its members; it may have no operations.
    pub rest: PatchRequest,
}

/// What all the operations together come to: first everybody leaves if `clear`, then those who
/// leave do, then those who come do. Nobody does both. To remove who is not in the group, or to
/// add who is, changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// Whether all members leave who do not come.
    pub clear: bool,
    /// The ids of those who leave; empty if `clear`.
    pub remove: BTreeSet<String>,
    /// The ids of those who come.
    pub add: BTreeSet<String>,
}

impl MemberChange {
    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        !self.clear && self.remove.is_empty() && self.add.is_empty()
    }

    fn come(&mut self, ids: BTreeSet<String>) {
        for id in &ids {
            self.remove.remove(id);
        }
        self.add.extend(ids);
    }

    fn leave(&mut self, ids: BTreeSet<String>) {
        for id in &ids {
            self.add.remove(id);
        }
        if !self.clear {
            self.remove.extend(ids);
        }
    }

    fn leave_all(&mut self) {
        *self = Self {
            clear: true,
            ..Self::default()
        };
    }
}

impl PatchRequest {
    /// The PATCH of a group, for a server that does not keep members as a list.
    ///
    /// # Errors
    /// `invalidValue` for a member without an id, `mutability` for a path to a member's id,
    /// `invalidFilter` for a filter of members by anything but their `value`.
    pub fn into_group_patch(self) -> Result<GroupPatch, ScimError> {
        let Self {
            kind,
            operations,
            mut quirks,
        } = self;
        let mut members = MemberChange::default();
        let mut rest = vec![];
        for operation in operations {
            match operation {
                Operation {
                    op,
                    path: Some(path),
                    value,
                } if is_members(&path) => {
                    change(&mut members, op, &path, value, &mut quirks)?;
                }
                Operation {
                    op,
                    path: None,
                    value: Some(Value::Object(value)),
                } => {
                    let mut others = Map::new();
                    for (key, value) in value {
                        // The liberties of the other keys are noted when they are applied.
                        match target(kind, &key, &mut vec![]) {
                            Target::Path(path) if is_members(&path) => {
                                change(&mut members, op, &path, Some(value), &mut quirks)?;
                            }
                            _ => {
                                others.insert(key, value);
                            }
                        }
                    }
                    if !others.is_empty() {
                        let value = Some(Value::Object(others));
                        rest.push(Operation {
                            op,
                            path: None,
                            value,
                        });
                    }
                }
                other => rest.push(other),
            }
        }
        let rest = Self {
            kind,
            operations: rest,
            quirks,
        };
        Ok(GroupPatch { members, rest })
    }
}

fn is_members(path: &Path) -> bool {
    path.attribute.extension().is_none() && path.attribute.attribute() == Some("members")
}

fn change(
    members: &mut MemberChange,
    op: Op,
    path: &Path,
    value: Option<Value>,
    quirks: &mut Vec<Quirk>,
) -> Result<(), ScimError> {
    check_writable(&path.attribute, quirks)?;
    if path.attribute.sub_attribute().is_some() {
        // Of a member only the id is kept; a new name for one changes nothing.
        return Ok(());
    }
    let value = value.filter(|value| !value.is_null());
    match (op, &path.filter, value) {
        (Op::Remove, None, Some(value)) => {
            note(quirks, Quirk::RemoveByValue);
            members.leave(ids(value, quirks)?);
        }
        (Op::Remove | Op::Replace, None, None) => members.leave_all(),
        (Op::Replace, None, Some(value)) => {
            let ids = ids(value, quirks)?;
            members.leave_all();
            members.come(ids);
        }
        (Op::Add, _, Some(value)) => members.come(ids(value, quirks)?),
        (Op::Add, _, None) => {}
        (Op::Remove, Some(filter), _) | (Op::Replace, Some(filter), None) => {
            members.leave(named(filter)?);
        }
        (Op::Replace, Some(filter), Some(value)) => {
            let ids = ids(value, quirks)?;
            members.leave(named(filter)?);
            members.come(ids);
        }
    }
    Ok(())
}

/// The ids of members, in whichever way they were listed.
fn ids(value: Value, quirks: &mut Vec<Quirk>) -> Result<BTreeSet<String>, ScimError> {
    let attribute = Kind::Group
        .attribute("members")
        .expect("a group has members");
    let elements = coerce_elements(attribute, "members", value, quirks)?;
    let id = |element: Value| match element {
        Value::Object(mut member) => match member.swap_remove("value") {
            Some(Value::String(id)) if !id.is_empty() => Ok(id),
            _ => Err(ScimError::value("members.value is required")),
        },
        _ => Err(ScimError::value("members is to be a list of objects")),
    };
    elements.into_iter().map(id).collect()
}

/// The ids that a filter names: `value eq "u1" or value eq "u2"`.
fn named(filter: &ElementFilter) -> Result<BTreeSet<String>, ScimError> {
    let named = filter.expression().fold(
        |comparison: &Comparison| match &comparison.test {
            Test::Compare(Operator::Eq, Literal::Text(id))
                if comparison.path.to_string() == "value" =>
            {
                Some(BTreeSet::from([id.to_string()]))
            }
            _ => None,
        },
        |join, left: Option<BTreeSet<String>>, right| match join {
            Join::Or => {
                let mut both = left?;
                both.extend(right?);
                Some(both)
            }
            Join::And => None,
        },
        |_| None,
    );
    named.ok_or_else(|| {
        ScimError::new(
            ScimType::InvalidFilter,
            "members can be named only by value eq \"…\"",
        )
    })
}
