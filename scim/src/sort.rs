//! In which order resources come: `sortBy` and `sortOrder` (RFC 7644 3.4.2.3).

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use crate::error::{ScimError, shown};
use crate::filter::folded;
use crate::path::{AttributePath, elements, lookup};
use crate::schema::Type;
use crate::{Kind, Map, moment};

/// An order of resources. What has no value comes last, and first in a descending order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    path: AttributePath,
    descending: bool,
}

/// How much of a text counts, in characters: a cursor carries it.
const CHARACTERS_MAX: usize = 256;

/// What a resource is sorted by: its value, of a text the beginning. To be compared with
/// [`Sort::compare`], and made once for each resource. [`SortKey::parse`] reads what it is printed
/// as.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SortKey(Option<Key>);

/// Of different types, in this order.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    Boolean(bool),
    Number(f64),
    Moment(i128),
    Text(Box<str>),
}

impl Sort {
    /// Reads `sortBy`, and `sortOrder` in any case; without one it ascends.
    ///
    /// # Errors
    /// `invalidPath` for what is no path, `invalidValue` for what is no order. An attribute that
    /// nobody has is no error: then all resources are alike.
    pub fn parse(kind: Kind, sort_by: &str, sort_order: Option<&str>) -> Result<Self, ScimError> {
        let descending = match sort_order.unwrap_or("ascending") {
            order if order.eq_ignore_ascii_case("ascending") => false,
            order if order.eq_ignore_ascii_case("descending") => true,
            order => {
                let detail = format!("sortOrder {} is not ascending or descending", shown(order));
                return Err(ScimError::value(detail));
            }
        };
        let path = AttributePath::parse(kind, sort_by.trim())?;
        Ok(Self { path, descending })
    }

    /// The attribute, for a server that has an order of its own.
    pub fn path(&self) -> &AttributePath {
        &self.path
    }

    /// Whether the greatest comes first.
    pub fn is_descending(&self) -> bool {
        self.descending
    }

    /// What a resource is sorted by: of a list its primary value, else its first (RFC 7644
    /// 3.4.2.3); of a complex attribute its `value`.
    pub fn key(&self, resource: &Map) -> SortKey {
        let parent = self.path.without_sub_attribute();
        let name = self.path.sub_attribute().unwrap_or("value");
        let (mut first, mut primary) = (None, None);
        parent.any(resource, |element| {
            let value = match element {
                Value::Object(object) => lookup(object, name).map(elements).and_then(<[_]>::first),
                plain => Some(plain),
            };
            let key = value.and_then(|value| self.key_of(value));
            if element.get("primary") == Some(&Value::Bool(true)) {
                primary = key.clone();
            }
            if first.is_none() {
                first = key;
            }
            primary.is_some()
        });
        SortKey(primary.or(first))
    }

    fn key_of(&self, value: &Value) -> Option<Key> {
        let leaf = self.path.leaf();
        match value {
            Value::Bool(boolean) => Some(Key::Boolean(*boolean)),
            Value::Number(number) => number.as_f64().map(Key::Number),
            Value::String(text) if leaf.is_some_and(|leaf| leaf.kind == Type::DateTime) => {
                moment::nanoseconds(text).map(Key::Moment)
            }
            Value::String(text) if leaf.is_some_and(|leaf| leaf.case_exact) => {
                Some(Key::Text(beginning(text).into()))
            }
            Value::String(text) => Some(Key::Text(beginning(&folded(text)).into())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Which of two comes first.
    pub fn compare(&self, left: &SortKey, right: &SortKey) -> Ordering {
        let ordering = match (&left.0, &right.0) {
            (Some(left), Some(right)) => left.compare(right),
            (left, right) => right.is_some().cmp(&left.is_some()),
        };
        if self.descending {
            ordering.reverse()
        } else {
            ordering
        }
    }
}

/// As much of a text as counts.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(CHARACTERS_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}

impl SortKey {
    /// The key that was printed so; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let value = text.get(1..)?;
        let key = match text.as_bytes()[0] {
            b'-' if value.is_empty() => return Some(Self(None)),
            b'b' => Key::Boolean(value.parse().ok()?),
            b'n' => Key::Number(f64::from_bits(value.parse().ok()?)),
            b'm' => Key::Moment(value.parse().ok()?),
            b't' => Key::Text(value.into()),
            _ => return None,
        };
        Some(Self(Some(key)))
    }
}

impl Display for SortKey {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => formatter.write_str("-"),
            Some(Key::Boolean(boolean)) => write!(formatter, "b{boolean}"),
            // The bits, so that it is the very same one again.
            Some(Key::Number(number)) => write!(formatter, "n{}", number.to_bits()),
            Some(Key::Moment(nanoseconds)) => write!(formatter, "m{nanoseconds}"),
            Some(Key::Text(text)) => write!(formatter, "t{text}"),
        }
    }
}

impl Key {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Moment(left), Self::Moment(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Number(_) => 1,
            Self::Moment(_) => 2,
            Self::Text(_) => 3,
        }
    }
}
