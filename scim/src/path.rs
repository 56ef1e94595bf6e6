//! The way to an attribute: `name.familyName`, `urn:…:User:department`, and with a filter on the
//! values of a list, `emails[type eq "work"].value` (RFC 7644 3.5.2, 3.10).

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use crate::Map;
use crate::error::{ScimError, ScimType, shown};
use crate::filter::{ElementFilter, FilterError};
use crate::schema::{Attribute, Kind};

/// The way to an attribute, without a filter (RFC 7644 3.10).
///
/// Names in any case are found and kept in their canonical spelling; what no schema knows stays as
/// it was written and is looked for without case.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributePath {
    extension: Option<Box<str>>,
    attribute: Option<Box<str>>,
    sub_attribute: Option<Box<str>>,
    top: Option<&'static Attribute>,
    sub: Option<&'static Attribute>,
}

/// The way that a PATCH names (RFC 7644 3.5.2, `path`).
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The attribute, with the sub-attribute behind it or behind the filter.
    pub attribute: AttributePath,
    /// Which values of the list.
    pub filter: Option<ElementFilter>,
}

/// What is wrong with a path, and at which byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) position: usize,
    pub(crate) message: String,
}

impl AttributePath {
    /// Reads a path.
    ///
    /// # Errors
    /// `invalidPath` for what is no name, or more than one sub-attribute deep.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, ScimError> {
        Self::read(kind, text).map_err(|fault| invalid(text, &fault))
    }

    pub(crate) fn read(kind: Kind, text: &str) -> Result<Self, Fault> {
        let core = kind.core();
        if let Some(rest) = after_urn(text, core.urn) {
            let urn = rest.is_empty().then_some(core.urn);
            return Self::named(urn, rest, text, |name| kind.attribute(name));
        }
        for schema in kind.extensions() {
            if let Some(rest) = after_urn(text, schema.urn) {
                return Self::named(Some(schema.urn), rest, text, |name| schema.attribute(name));
            }
        }
        if is_schema_urn(text) {
            return Self::named(Some(text), "", text, |_| None);
        }
        match text.rsplit_once(':') {
            Some((urn, rest)) if !rest.is_empty() => Self::named(Some(urn), rest, text, |_| None),
            Some(_) => Err(fault(text, text.len(), "a name is expected after the URN")),
            None if text.is_empty() => Err(fault(text, 0, "an attribute is expected")),
            None => Self::named(None, text, text, |name| kind.attribute(name)),
        }
    }

    /// A path inside brackets: its names are the sub-attributes of `parent`.
    pub(crate) fn read_inside(
        parent: Option<&'static Attribute>,
        text: &str,
    ) -> Result<Self, Fault> {
        let (urn, rest) = text
            .rsplit_once(':')
            .map_or((None, text), |(urn, rest)| (Some(urn), rest));
        if rest.is_empty() {
            return Err(fault(text, text.len(), "an attribute is expected"));
        }
        let known = if urn.is_none() { parent } else { None };
        Self::named(urn, rest, text, |name| {
            known.and_then(|known| known.sub_attribute(name))
        })
    }

    /// `rest` is what stands after the URN: nothing, or `name`, or `name.sub`.
    fn named(
        extension: Option<&str>,
        rest: &str,
        text: &str,
        find: impl Fn(&str) -> Option<&'static Attribute>,
    ) -> Result<Self, Fault> {
        let extension = extension.map(Box::from);
        if rest.is_empty() {
            return Ok(Self {
                extension,
                attribute: None,
                sub_attribute: None,
                top: None,
                sub: None,
            });
        }
        let at = text.len() - rest.len();
        let (name, sub_name) = match rest.split_once('.') {
            Some((name, sub_name)) => (name, Some(sub_name)),
            None => (rest, None),
        };
        check_name(text, at, name)?;
        let top = find(name);
        let path = Self {
            extension,
            attribute: Some(top.map_or(name, |top| top.name).into()),
            sub_attribute: None,
            top,
            sub: None,
        };
        match sub_name {
            Some(sub_name) => {
                check_name(text, at + name.len() + 1, sub_name)?;
                Ok(path.with_sub_attribute(sub_name))
            }
            None => Ok(path),
        }
    }

    pub(crate) fn with_sub_attribute(mut self, name: &str) -> Self {
        self.sub = self.top.and_then(|top| top.sub_attribute(name));
        self.sub_attribute = Some(self.sub.map_or(name, |sub| sub.name).into());
        self
    }

    pub(crate) fn without_sub_attribute(&self) -> Self {
        Self {
            sub_attribute: None,
            sub: None,
            ..self.clone()
        }
    }

    /// The URN of the extension that the attribute is in; none for the core, except when the core
    /// as a whole is meant.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The attribute's name; none when a whole schema is meant.
    pub fn attribute(&self) -> Option<&str> {
        self.attribute.as_deref()
    }

    /// The sub-attribute's name.
    pub fn sub_attribute(&self) -> Option<&str> {
        self.sub_attribute.as_deref()
    }

    /// Whether all the attributes of the core are meant.
    pub(crate) fn is_core(&self, kind: Kind) -> bool {
        self.attribute.is_none() && self.extension() == Some(kind.core().urn)
    }

    /// What the schema says of the attribute.
    pub fn top(&self) -> Option<&'static Attribute> {
        self.top
    }

    /// What the schema says of the sub-attribute.
    pub fn sub(&self) -> Option<&'static Attribute> {
        self.sub
    }

    /// What the schema says of the texts and numbers that the path leads to: of the sub-attribute,
    /// or of a complex attribute's `value`.
    pub fn leaf(&self) -> Option<&'static Attribute> {
        if self.sub_attribute.is_some() {
            return self.sub;
        }
        let value = self.top.and_then(|top| top.sub_attribute("value"));
        value.or(self.top)
    }

    /// Hands each value at the end of the way to `visit`, lists one by one, until it says stop;
    /// a null is no value. Returns whether it was stopped.
    pub(crate) fn any(&self, root: &Map, mut visit: impl FnMut(&Value) -> bool) -> bool {
        let root = match self.extension.as_deref() {
            None => root,
            Some(urn) => match lookup(root, urn) {
                Some(Value::Object(extension)) => extension,
                _ => return false,
            },
        };
        let Some(name) = self.attribute.as_deref() else {
            return visit(&Value::Object(root.clone()));
        };
        let Some(value) = lookup(root, name) else {
            return false;
        };
        elements(value)
            .iter()
            .any(|element| match (self.sub_attribute.as_deref(), element) {
                (_, Value::Null) => false,
                (None, element) => visit(element),
                (Some(name), Value::Object(object)) => lookup(object, name).is_some_and(|value| {
                    elements(value)
                        .iter()
                        .any(|value| !value.is_null() && visit(value))
                }),
                // In a list of plain values, each is its own `value`.
                (Some(name), element) => name.eq_ignore_ascii_case("value") && visit(element),
            })
    }
}

impl Path {
    /// Reads a path, with a filter or without.
    ///
    /// # Errors
    /// `invalidPath` for what is no path, `invalidFilter` for what stands in its brackets.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, ScimError> {
        crate::filter::parse_path(kind, text).map_err(|error: FilterError| {
            let scim_type = if text[..error.position].contains('[') {
                ScimType::InvalidFilter
            } else {
                ScimType::InvalidPath
            };
            ScimError::new(
                scim_type,
                format!("path: {} at byte {}", error.message, error.position),
            )
        })
    }
}

impl Display for AttributePath {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if let Some(extension) = &self.extension {
            formatter.write_str(extension)?;
        }
        if let Some(attribute) = &self.attribute {
            let colon = if self.extension.is_some() { ":" } else { "" };
            write!(formatter, "{colon}{attribute}")?;
        }
        if let Some(sub_attribute) = &self.sub_attribute {
            write!(formatter, ".{sub_attribute}")?;
        }
        Ok(())
    }
}

impl Display for Path {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Some(filter) = &self.filter else {
            return self.attribute.fmt(formatter);
        };
        write!(
            formatter,
            "{}[{filter}]",
            self.attribute.without_sub_attribute()
        )?;
        match self.attribute.sub_attribute() {
            Some(name) => write!(formatter, ".{name}"),
            None => Ok(()),
        }
    }
}

/// A list's elements; any other value is a list of itself.
pub(crate) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        other => std::slice::from_ref(other),
    }
}

/// An object's value by its name in any case; the very same spelling goes first.
pub(crate) fn lookup<'m>(object: &'m Map, name: &str) -> Option<&'m Value> {
    object.get(name).or_else(|| {
        let mut entries = object.iter();
        entries
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// The spelling in which an object has the name.
pub(crate) fn spelling(object: &Map, name: &str) -> Option<String> {
    if object.contains_key(name) {
        return Some(name.to_owned());
    }
    object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()
}

/// What follows the URN and its colon: nothing if the text is the URN itself. A longer URN that only
/// begins alike is another one.
fn after_urn<'t>(text: &'t str, urn: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(urn.len())?;
    if !start.eq_ignore_ascii_case(urn) {
        return None;
    }
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(':')
        .filter(|rest| !rest.is_empty() && !rest.contains(':'))
}

/// Whether an unknown URN names a schema and not an attribute in one: `…:2.0:User` (RFC 7643 10.2.1
/// puts the version before the last name).
pub(crate) fn is_schema_urn(text: &str) -> bool {
    let mut segments = text.rsplit(':');
    let (last, version) = (segments.next().unwrap_or(""), segments.next().unwrap_or(""));
    let is_urn = text
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    let is_version = version.contains('.')
        && version
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()));
    is_urn && is_version && check_name(last, 0, last).is_ok()
}

/// A name (RFC 7644 3.4.2.2, `ATTRNAME`), and `$ref`.
fn check_name(text: &str, at: usize, name: &str) -> Result<(), Fault> {
    let good = |(index, character): (usize, char)| {
        character.is_ascii_alphabetic()
            || character == '$'
            || (index > 0 && (character.is_ascii_digit() || matches!(character, '-' | '_')))
    };
    match name.char_indices().find(|&found| !good(found)) {
        None if name.is_empty() => Err(fault(text, at, "a name is expected")),
        None => Ok(()),
        Some((index, '.')) => Err(fault(text, at + index, "one sub-attribute is the most")),
        Some((index, _)) => Err(fault(text, at + index, "that is no attribute's name:")),
    }
}

fn fault(text: &str, position: usize, message: &str) -> Fault {
    let message = if message.ends_with(':') {
        format!("{message} {}", shown(text))
    } else {
        message.to_owned()
    };
    Fault { position, message }
}

fn invalid(text: &str, fault: &Fault) -> ScimError {
    let Fault { position, message } = fault;
    ScimError::path(format!(
        "path {}: {message} at byte {position}",
        shown(text)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expect: &str) {
        let path = AttributePath::parse(kind, text).unwrap();
        assert_eq!(path.to_string(), expect);
        assert_eq!(AttributePath::parse(kind, expect).unwrap(), path);
    }

    #[test]
    fn names_and_urns_are_found_in_any_case() {
        check(Kind::User, "USERNAME", "userName");
        check(Kind::User, "name.FAMILYname", "name.familyName");
        check(
            Kind::User,
            "URN:ietf:params:SCIM:schemas:core:2.0:user:username",
            "userName",
        );
        let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        check(Kind::User, &department.to_uppercase(), department);
        check(Kind::Group, "Members.$REF", "members.$ref");
        check(Kind::User, "urn:acme:2.0:User", "urn:acme:2.0:User");
        check(
            Kind::User,
            "urn:acme:2.0:User:badge.No",
            "urn:acme:2.0:User:badge.No",
        );
        check(Kind::User, "unknown.Thing", "unknown.Thing");
        let path = AttributePath::parse(Kind::User, "urn:acme:2.0:User:badge").unwrap();
        assert_eq!(path.extension(), Some("urn:acme:2.0:User"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "1a",
            "a b",
            "urn:x:",
            "a/b",
            "\u{fc}ber",
        ] {
            let error = AttributePath::parse(Kind::User, text).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidPath), "{text}");
        }
    }

    #[test]
    fn a_path_with_a_filter_prints_as_it_reads() {
        let text = "emails[type eq \"work\" and not (value co \"x\")].value";
        let path = Path::parse(Kind::User, text).unwrap();
        assert_eq!(path.to_string(), text);
        for text in [
            "emails[type eq \"work\"",
            "emails[]",
            "emails[type eq \"work\"]value",
            "a.b[c pr].d",
        ] {
            assert!(Path::parse(Kind::User, text).is_err(), "{text}");
        }
    }
}
