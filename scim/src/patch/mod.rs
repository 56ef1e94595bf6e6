//! PATCH (RFC 7644 3.5.2), and what Okta and Entra ID mean by it.
//!
//! - Operations may be in any case; values follow the rules of [`crate::resource`].
//! - Without a path the value's keys are paths themselves, also dotted ones and ones with a URN;
//!   what is read-only among them is ignored. A path that names it is `mutability`.
//! - `null` clears what it is given to, and so does an empty text for a `value` (of a manager, of
//!   an e-mail). An object with other names keeps those that are not said, except a manager, whose
//!   other names would be about the one before.
//! - A filter that matches nothing is `noTarget`. But `add`, and `replace` of a sub-attribute, make
//!   the value if the filter says what it is (`type eq "work"`); and a member who is not there can
//!   be removed in vain.
//! - `remove` of a list with a value removes what is named, an empty list nothing; without one it
//!   clears.
//!
//! An error leaves the resource as it was.

mod group;

use serde_json::Value;

use crate::error::{ScimError, ScimType, shown};
use crate::path::Path;
use crate::quirk::{Quirk, note};
use crate::resource::{Edit, check_resource, missing, within};
use crate::{Kind, Map};

pub use group::{GroupPatch, MemberChange};

/// The schema of a PATCH (RFC 7644 3.5.2).
pub const PATCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The most operations in one PATCH.
pub const OPERATIONS_MAX: usize = 5_000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// RFC 7644 3.5.2.1
    Add,
    /// RFC 7644 3.5.2.3
    Replace,
    /// RFC 7644 3.5.2.2
    Remove,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// To what; without it, to what the value's keys name.
    pub path: Option<Path>,
    /// With what, within the limits of [`crate::resource`].
    pub value: Option<Value>,
}

/// A PATCH: changes that are all made, in their order, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchRequest {
    /// What is changed.
    pub kind: Kind,
    /// The changes.
    pub operations: Vec<Operation>,
    /// The liberties that were taken in writing it.
    pub quirks: Vec<Quirk>,
}

/// What came of a PATCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Whether the resource is another one now.
    pub changed: bool,
    /// The liberties that were taken, each once.
    pub quirks: Vec<Quirk>,
}

impl PatchRequest {
    /// Reads a PATCH of a resource of a kind.
    ///
    /// # Errors
    /// `invalidSyntax` for what is no PATCH, `invalidPath` or `invalidFilter` for a path that
    /// cannot be read, `invalidValue` or 413 for more than the limits allow.
    pub fn parse(kind: Kind, sent: Value) -> Result<Self, ScimError> {
        let Value::Object(sent) = within(sent)? else {
            return Err(ScimError::syntax("a PATCH is to be a JSON object"));
        };
        let mut quirks = vec![];
        let mut operations = None;
        let mut has_schema = false;
        for (key, value) in sent {
            if key.eq_ignore_ascii_case("Operations") {
                operations = Some(value);
            } else if key.eq_ignore_ascii_case("schemas") {
                has_schema = names(&value, PATCH_URN);
            }
        }
        if !has_schema {
            note(&mut quirks, Quirk::SchemaMissing);
        }
        let Some(Value::Array(operations)) = operations else {
            return Err(ScimError::syntax("a PATCH is to have a list of Operations"));
        };
        if operations.is_empty() || operations.len() > OPERATIONS_MAX {
            let detail = format!("a PATCH has from 1 to {OPERATIONS_MAX} Operations");
            return Err(ScimError::syntax(detail));
        }
        let operations = operations
            .into_iter()
            .map(|operation| Operation::parse(kind, operation, &mut quirks))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            kind,
            operations,
            quirks,
        })
    }

    /// Makes the changes.
    ///
    /// # Errors
    /// `mutability` for what cannot be changed or left out, `noTarget` for a filter that matches
    /// nothing, `invalidPath`, `invalidValue`; the resource is then as it was.
    pub fn apply(&self, resource: &mut Map) -> Result<Applied, ScimError> {
        let mut quirks = self.quirks.clone();
        let mut changed = resource.clone();
        let mut edit = Edit {
            kind: self.kind,
            resource: &mut changed,
            quirks: &mut quirks,
        };
        for operation in &self.operations {
            let Operation { op, path, value } = operation;
            edit.run(*op, path.as_ref(), value.clone())?;
        }
        // What was missing before is not this request's fault.
        if let Some(name) = missing(self.kind, &changed)
            && missing(self.kind, resource) != Some(name)
        {
            let (scim_type, word) = if changed.contains_key(name) {
                (ScimType::InvalidValue, "blank")
            } else {
                (ScimType::Mutability, "removed")
            };
            let detail = format!("{name} is required and cannot be {word}");
            return Err(ScimError::new(scim_type, detail));
        }
        check_resource(&changed)?;
        let is_changed = changed != *resource;
        if is_changed {
            *resource = changed;
        }
        Ok(Applied {
            changed: is_changed,
            quirks,
        })
    }
}

impl Operation {
    fn parse(kind: Kind, sent: Value, quirks: &mut Vec<Quirk>) -> Result<Self, ScimError> {
        let Value::Object(sent) = sent else {
            return Err(ScimError::syntax("an operation is to be an object"));
        };
        let (mut op, mut path, mut value) = (None, None, None);
        for (key, found) in sent {
            match key.to_ascii_lowercase().as_str() {
                "op" => op = Some(found),
                "path" => path = Some(found),
                "value" => value = Some(found),
                _ => {}
            }
        }
        let op = match op {
            Some(Value::String(name)) => Op::parse(&name, quirks)?,
            _ => return Err(ScimError::syntax("an operation is to have an op")),
        };
        let path = match path {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(Path::parse(kind, text.trim())?),
            Some(_) => return Err(ScimError::path("a path is to be a text")),
        };
        match (op, &path, &value) {
            (Op::Remove, None, _) => Err(ScimError::new(ScimType::NoTarget, "remove needs a path")),
            (Op::Add | Op::Replace, None, value) if !matches!(value, Some(Value::Object(_))) => {
                Err(ScimError::syntax(
                    "without a path the value is to be an object",
                ))
            }
            (Op::Add | Op::Replace, Some(_), None) => {
                Err(ScimError::syntax(format!("{} needs a value", op.name())))
            }
            _ => Ok(Self { op, path, value }),
        }
    }
}

impl Op {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }

    fn parse(name: &str, quirks: &mut Vec<Quirk>) -> Result<Self, ScimError> {
        let mut all = [Self::Add, Self::Replace, Self::Remove].into_iter();
        let op = all
            .find(|op| op.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let name = shown(name);
                ScimError::syntax(format!("op {name} is not add, replace or remove"))
            })?;
        if op.name() != name {
            note(quirks, Quirk::OperationCase);
        }
        Ok(op)
    }
}

/// Whether a list of schemas names one, in any case.
pub(crate) fn names(schemas: &Value, urn: &str) -> bool {
    crate::path::elements(schemas).iter().any(|found| {
        found
            .as_str()
            .is_some_and(|found| found.eq_ignore_ascii_case(urn))
    })
}
