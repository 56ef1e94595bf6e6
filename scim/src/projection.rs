//! Which attributes an answer shows: `attributes` and `excludedAttributes` (RFC 7644 3.9).

use serde_json::Value;

use crate::path::AttributePath;
use crate::schema::{Attribute, Returned};
use crate::{Kind, Map};

/// What to show of a resource. `id` and `schemas` are always shown, a password never is.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    kind: Kind,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    /// What is shown when nobody says anything.
    Default,
    /// Only these, and what is always shown.
    Only(Vec<AttributePath>),
    /// All but these.
    Without(Vec<AttributePath>),
}

impl Projection {
    /// What is shown when nobody says anything.
    pub fn all(kind: Kind) -> Self {
        Self {
            kind,
            wanted: Wanted::Default,
        }
    }

    /// Reads the two parameters, each a list of paths. If there are both, `attributes` counts:
    /// it is the narrower one. A name that leads nowhere shows, or hides, nothing.
    pub fn new<'n>(
        kind: Kind,
        attributes: impl IntoIterator<Item = &'n str>,
        excluded: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let read = |names: &mut dyn Iterator<Item = &'n str>| -> Option<Vec<AttributePath>> {
            let mut names = names
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .peekable();
            names.peek()?;
            Some(
                names
                    .filter_map(|name| AttributePath::read(kind, name).ok())
                    .collect(),
            )
        };
        let only = read(&mut attributes.into_iter()).map(Wanted::Only);
        let wanted = only.or_else(|| read(&mut excluded.into_iter()).map(Wanted::Without));
        Self {
            kind,
            wanted: wanted.unwrap_or(Wanted::Default),
        }
    }

    /// Reads the two parameters of a query: names with commas between them.
    pub fn parse(kind: Kind, attributes: Option<&str>, excluded: Option<&str>) -> Self {
        let names = |list: Option<&'_ str>| list.unwrap_or("").to_owned();
        let (attributes, excluded) = (names(attributes), names(excluded));
        Self::new(kind, attributes.split(','), excluded.split(','))
    }

    /// Whether anything of a core attribute is shown: what is not need not be fetched.
    pub fn shows(&self, name: &str) -> bool {
        let top = self.kind.attribute(name);
        let is_named = |path: &AttributePath| {
            path.is_core(self.kind)
                || (path.extension().is_none()
                    && path
                        .attribute()
                        .is_some_and(|found| found.eq_ignore_ascii_case(name)))
        };
        let is_whole = |path: &AttributePath| path.sub_attribute().is_none();
        match (top.map(|top| top.returned), &self.wanted) {
            (Some(Returned::Always), _) => true,
            (Some(Returned::Never), _) => false,
            (_, Wanted::Only(paths)) => paths.iter().any(is_named),
            (Some(Returned::Request), _) => false,
            (_, Wanted::Without(paths)) => {
                !paths.iter().any(|path| is_named(path) && is_whole(path))
            }
            (_, Wanted::Default) => true,
        }
    }

    /// The resource as it is shown.
    pub fn apply(&self, resource: Map) -> Map {
        let entries = resource.into_iter();
        entries
            .filter_map(|(key, value)| {
                let value = match self.kind.attribute(&key) {
                    Some(top) => self.shown(None, &key, Some(top), value)?,
                    None if key.contains(':') => self.extension(&key, value)?,
                    None => self.shown(None, &key, None, value)?,
                };
                Some((key, value))
            })
            .collect()
    }

    /// An extension, attribute by attribute; one of which nothing is shown is not there.
    fn extension(&self, urn: &str, value: Value) -> Option<Value> {
        let Value::Object(extension) = value else {
            return self.shown(None, urn, None, value);
        };
        let schema = self.kind.extension(urn);
        let shown: Map = extension
            .into_iter()
            .filter_map(|(key, value)| {
                let top = schema.and_then(|schema| schema.attribute(&key));
                let value = self.shown(Some(urn), &key, top, value)?;
                Some((key, value))
            })
            .collect();
        (!shown.is_empty()).then_some(Value::Object(shown))
    }

    fn shown(
        &self,
        extension: Option<&str>,
        name: &str,
        top: Option<&Attribute>,
        value: Value,
    ) -> Option<Value> {
        match top.map_or(Returned::Default, |top| top.returned) {
            Returned::Always => return Some(value),
            Returned::Default => {}
            Returned::Request if matches!(self.wanted, Wanted::Only(_)) => {}
            Returned::Never | Returned::Request => return None,
        }
        let is_here = |path: &&AttributePath| {
            if path.is_core(self.kind) {
                return extension.is_none();
            }
            same(path.extension(), extension)
                && path
                    .attribute()
                    .is_none_or(|found| found.eq_ignore_ascii_case(name))
        };
        let named = |paths: &[AttributePath]| -> Option<Vec<String>> {
            let paths = paths.iter().filter(is_here);
            paths
                .map(|path| path.sub_attribute().map(str::to_owned))
                .collect()
        };
        match &self.wanted {
            Wanted::Default => Some(value),
            // A path without a sub-attribute shows, or hides, the whole.
            Wanted::Only(paths) => match named(paths) {
                None => Some(value),
                Some(names) if names.is_empty() => None,
                Some(names) => keep(value, |key| {
                    names.iter().any(|name| name.eq_ignore_ascii_case(key))
                }),
            },
            Wanted::Without(paths) => match named(paths) {
                None => None,
                Some(names) if names.is_empty() => Some(value),
                Some(names) => keep(value, |key| {
                    !names.iter().any(|name| name.eq_ignore_ascii_case(key))
                }),
            },
        }
    }
}

fn same(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
        (left, right) => left.is_none() && right.is_none(),
    }
}

/// Keeps some names of an object, or of each object of a list; what is then empty is not there.
fn keep(value: Value, is_kept: impl Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::Object(mut object) => {
            object.retain(|key, _| is_kept(key));
            (!object.is_empty()).then_some(Value::Object(object))
        }
        Value::Array(mut list) => {
            for element in &mut list {
                if let Value::Object(object) = element {
                    object.retain(|key, _| is_kept(key));
                }
            }
            list.retain(|element| element.as_object().is_none_or(|object| !object.is_empty()));
            (!list.is_empty()).then_some(Value::Array(list))
        }
        plain => is_kept("value").then_some(plain),
    }
}
