//! Changes of a resource, one path at a time (RFC 7644 3.5.2). A POST is a replacement of nothing.

use serde_json::Value;

use super::coerce;
use super::limits::LIST_MAX;
use crate::error::{ScimError, ScimType, shown};
use crate::patch::Op;
use crate::path::{AttributePath, Path, is_schema_urn, spelling};
use crate::quirk::{Quirk, note};
use crate::schema::{Mutability, Type};
use crate::{Kind, Map};

/// A resource while it is being changed. After an error it is half changed.
pub(crate) struct Edit<'r> {
    pub(crate) kind: Kind,
    pub(crate) resource: &'r mut Map,
    pub(crate) quirks: &'r mut Vec<Quirk>,
}

/// What a key of a resource leads to.
pub(crate) enum Target {
    Path(Box<Path>),
    /// Nothing that has a path; the key is a name like any other.
    Raw,
}

/// What a key means: a name, `name.givenName`, `urn:…:User:employeeNumber`, or even
/// `emails[type eq "work"].value`.
pub(crate) fn target(kind: Kind, key: &str, quirks: &mut Vec<Quirk>) -> Target {
    let Ok(path) = Path::parse(kind, key) else {
        return Target::Raw;
    };
    let attribute = &path.attribute;
    let is_known = match attribute.extension() {
        Some(urn) => kind.extension(urn).is_some() || is_schema_urn(urn),
        None => attribute.top().is_some() || attribute.sub_attribute().is_none(),
    };
    if !is_known {
        return Target::Raw;
    }
    if attribute.sub_attribute().is_some() {
        note(quirks, Quirk::DottedKey);
    }
    if attribute.attribute().is_some() && key.contains(':') {
        note(quirks, Quirk::UrnKey);
    }
    Target::Path(Box::new(path))
}

/// Whether what stands before an attribute's name can be the key of an extension. If it is read as
/// an attribute itself, what was put under it would be read as something else when it comes back.
fn is_extension(kind: Kind, urn: &str) -> bool {
    let is_schema = |urn: &str| kind.extension(urn).is_some() || is_schema_urn(urn);
    let is_inside = |path: AttributePath| path.extension().is_none_or(is_schema);
    is_schema(urn) || (urn.contains(':') && !AttributePath::read(kind, urn).is_ok_and(is_inside))
}

/// Whether a PATCH may name the attribute. What it may name in vain (`schemas`, `password`) is
/// said too: then the answer is no, without an error.
///
/// # Errors
/// `mutability` for what is the server's to change, or nobody's.
pub(crate) fn check_writable(
    path: &AttributePath,
    quirks: &mut Vec<Quirk>,
) -> Result<bool, ScimError> {
    let parts = path.top().into_iter().chain(path.sub());
    for attribute in parts {
        match attribute.mutability {
            Mutability::ReadWrite => {}
            Mutability::WriteOnly => {
                note(quirks, Quirk::PasswordDropped);
                return Ok(false);
            }
            Mutability::ReadOnly if attribute.name == "schemas" => {
                note(quirks, Quirk::ReadOnlyIgnored);
                return Ok(false);
            }
            Mutability::ReadOnly | Mutability::Immutable => {
                let detail = format!("{path} cannot be changed");
                return Err(ScimError::new(ScimType::Mutability, detail));
            }
        }
    }
    Ok(true)
}

impl Edit<'_> {
    /// What a body without a path carries, each key by itself; what is read-only is ignored.
    pub(crate) fn replace_all(&mut self, sent: Map) -> Result<(), ScimError> {
        self.each(Op::Replace, sent)
    }

    /// One operation; without a path it is of every key of its value.
    pub(crate) fn run(
        &mut self,
        op: Op,
        path: Option<&Path>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        match (path, value) {
            (Some(path), value) if path.attribute.attribute().is_some() => {
                if let Some(urn) = path.attribute.extension()
                    && !is_extension(self.kind, urn)
                {
                    let detail = format!("{} leads to no attribute of a schema", shown(urn));
                    return Err(ScimError::path(detail));
                }
                if check_writable(&path.attribute, self.quirks)? {
                    self.attribute(op, path, value)?;
                }
                Ok(())
            }
            (Some(path), _) if path.filter.is_some() => {
                Err(ScimError::path("a URN has no values to filter"))
            }
            (Some(path), value) => self.schema(op, &path.attribute, value),
            (None, Some(Value::Object(value))) if op != Op::Remove => self.each(op, value),
            (None, _) if op == Op::Remove => {
                Err(ScimError::new(ScimType::NoTarget, "remove needs a path"))
            }
            (None, _) => Err(ScimError::syntax(
                "without a path the value is to be an object",
            )),
        }
    }

    fn each(&mut self, op: Op, sent: Map) -> Result<(), ScimError> {
        for (key, value) in sent {
            match target(self.kind, &key, self.quirks) {
                Target::Raw => {
                    let value = coerce::unknown(value, self.quirks);
                    put(self.resource, &key, value);
                }
                Target::Path(path) if is_read_only(&path.attribute) => {
                    note(self.quirks, Quirk::ReadOnlyIgnored);
                }
                // Nothing that is deeper: a key that is a URN leads to an extension, and the keys
                // in there are names.
                Target::Path(path) if path.attribute.attribute().is_none() => {
                    self.schema(op, &path.attribute, Some(value))?;
                }
                Target::Path(path) => self.run(op, Some(&path), Some(value))?,
            }
        }
        Ok(())
    }

    /// All that is under a URN.
    fn schema(
        &mut self,
        op: Op,
        path: &AttributePath,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let urn = path.extension().expect("without a name there is a URN");
        match value {
            Some(Value::Object(inner)) if op != Op::Remove && path.is_core(self.kind) => {
                self.core(op, inner)
            }
            Some(Value::Object(inner)) if op != Op::Remove => self.extension(op, urn, inner),
            None | Some(Value::Null) if path.is_core(self.kind) => Err(ScimError::new(
                ScimType::NoTarget,
                "a resource cannot be emptied",
            )),
            value if op == Op::Remove || value.as_ref().is_none_or(Value::is_null) => {
                self.remove_extension(urn);
                Ok(())
            }
            _ => Err(ScimError::value(format!("{path} is to be an object"))),
        }
    }

    /// Core attributes under the core's own URN.
    fn core(&mut self, op: Op, inner: Map) -> Result<(), ScimError> {
        for (key, value) in inner {
            let Ok(path) = Path::parse(self.kind, &key) else {
                continue;
            };
            if path.attribute.attribute().is_none() || is_read_only(&path.attribute) {
                note(self.quirks, Quirk::ReadOnlyIgnored);
            } else {
                self.run(op, Some(&path), Some(value))?;
            }
        }
        Ok(())
    }

    /// The keys of an extension's object.
    fn extension(&mut self, op: Op, urn: &str, inner: Map) -> Result<(), ScimError> {
        for (key, value) in inner {
            match AttributePath::read(self.kind, &format!("{urn}:{key}")) {
                Ok(attribute)
                    if attribute.extension() == Some(urn) && attribute.attribute().is_some() =>
                {
                    self.attribute(
                        op,
                        &Path {
                            attribute,
                            filter: None,
                        },
                        Some(value),
                    )?;
                }
                _ => {
                    let value = coerce::unknown(value, self.quirks);
                    put(self.container(Some(urn)), &key, value);
                    self.tidy(urn);
                }
            }
        }
        Ok(())
    }

    fn remove_extension(&mut self, urn: &str) {
        put(self.resource, urn, None);
    }

    /// The object that holds the attributes: the resource, or an extension in it.
    fn container(&mut self, extension: Option<&str>) -> &mut Map {
        let Some(urn) = extension else {
            return self.resource;
        };
        let key = spelling(self.resource, urn).unwrap_or_else(|| urn.to_owned());
        let value = self.resource.entry(key).or_insert(Value::Null);
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().expect("it was just made one")
    }

    /// An extension that says nothing is not there.
    fn tidy(&mut self, urn: &str) {
        if self.container(Some(urn)).is_empty() {
            self.remove_extension(urn);
        }
    }

    fn attribute(&mut self, op: Op, path: &Path, value: Option<Value>) -> Result<(), ScimError> {
        let attribute = &path.attribute;
        let name = attribute.attribute().expect("the caller has looked");
        let container = self.container(attribute.extension());
        let name = spelling(container, name).unwrap_or_else(|| name.to_owned());
        let current = container.get_mut(&name).map(Value::take);
        let changed = self.changed(op, path, current, value)?;
        put(self.container(attribute.extension()), &name, changed);
        if let Some(urn) = attribute.extension() {
            self.tidy(urn);
        }
        Ok(())
    }

    /// What becomes of an attribute's value.
    fn changed(
        &mut self,
        op: Op,
        path: &Path,
        current: Option<Value>,
        value: Option<Value>,
    ) -> Result<Option<Value>, ScimError> {
        let attribute = &path.attribute;
        let is_list = match attribute.top() {
            Some(top) => top.multi_valued,
            None => path.filter.is_some() || matches!(current, Some(Value::Array(_))),
        };
        if is_list {
            let mut elements = match current {
                Some(Value::Array(elements)) => elements,
                Some(Value::Null) | None => vec![],
                Some(other) => vec![other],
            };
            self.list(op, path, &mut elements, value)?;
            if self.kind == Kind::User && elements.len() > LIST_MAX {
                let detail = format!("{attribute} has more than {LIST_MAX} values");
                return Err(ScimError::value(detail));
            }
            return Ok(if elements.is_empty() {
                None
            } else {
                Some(Value::Array(elements))
            });
        }
        if path.filter.is_some() {
            return Err(ScimError::path(format!(
                "{attribute} is no list, and has no values to filter"
            )));
        }
        match attribute.sub_attribute() {
            Some(name) => {
                let mut object = match current {
                    Some(Value::Object(object)) => object,
                    Some(Value::Null) | None => Map::new(),
                    Some(_) => {
                        return Err(ScimError::path(format!(
                            "{attribute} leads into a plain value"
                        )));
                    }
                };
                self.sub_attribute(op, attribute, &mut object, name, value)?;
                // Without the id of a manager the rest of him means nothing.
                let is_gone = attribute
                    .top()
                    .is_some_and(|top| top.sub_attribute("value").is_some())
                    && !object.contains_key("value")
                    && name == "value";
                Ok((!is_gone && !object.is_empty()).then_some(Value::Object(object)))
            }
            None if op == Op::Remove => Ok(None),
            None => self.whole(attribute, current, value.unwrap_or(Value::Null)),
        }
    }

    /// A new value for an attribute that is no list. An object's names that are not said stay
    /// (RFC 7644 3.5.2.3), unless the object is about somebody else now.
    fn whole(
        &mut self,
        path: &AttributePath,
        current: Option<Value>,
        value: Value,
    ) -> Result<Option<Value>, ScimError> {
        let Some(top) = path.top() else {
            return Ok(match (current, value) {
                (Some(Value::Object(mut object)), Value::Object(new)) => {
                    for (key, value) in new {
                        put(&mut object, &key, coerce::unknown(value, self.quirks));
                    }
                    (!object.is_empty()).then_some(Value::Object(object))
                }
                (_, value) => coerce::unknown(value, self.quirks),
            });
        };
        match (current, value) {
            (Some(Value::Object(mut object)), Value::Object(new))
                if top.kind == Type::Complex && top.sub_attribute("value").is_none() =>
            {
                for (key, value) in new {
                    let sub = path.clone().with_sub_attribute(&key);
                    let key = sub
                        .sub_attribute()
                        .expect("it was just given one")
                        .to_owned();
                    self.sub_attribute(Op::Replace, &sub, &mut object, &key, Some(value))?;
                }
                Ok((!object.is_empty()).then_some(Value::Object(object)))
            }
            (_, value) => coerce::attribute(top, &path.to_string(), value, self.quirks),
        }
    }

    /// Sets or removes a name of an object; `path` leads to it.
    pub(super) fn sub_attribute(
        &mut self,
        op: Op,
        path: &AttributePath,
        object: &mut Map,
        name: &str,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let value = match (op, value, path.sub()) {
            (Op::Remove, _, _) | (_, None, _) => None,
            (_, Some(value), Some(sub)) => {
                coerce::attribute(sub, &path.to_string(), value, self.quirks)?
            }
            (_, Some(value), None) => coerce::unknown(value, self.quirks),
        };
        let is_cleared = name == "value" && coerce::is_empty(value.as_ref(), self.quirks);
        put(object, name, value.filter(|_| !is_cleared));
        Ok(())
    }
}

fn is_read_only(path: &AttributePath) -> bool {
    path.top()
        .is_some_and(|top| top.mutability == Mutability::ReadOnly)
}

/// Sets a name, in the spelling that is there already, or removes it.
fn put(object: &mut Map, name: &str, value: Option<Value>) {
    let key = spelling(object, name).unwrap_or_else(|| name.to_owned());
    match value {
        Some(value) => {
            object.insert(key, value);
        }
        None => {
            object.shift_remove(&key);
        }
    }
}
