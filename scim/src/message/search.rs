//! What a list is asked for, in a query or in the body of `/.search`.

use serde_json::Value;

use crate::error::{ScimError, ScimType};
use crate::patch::names;
use crate::path::lookup;
use crate::projection::Projection;
use crate::quirk::{Quirk, note};
use crate::resource::within;
use crate::sort::Sort;
use crate::{Kind, Map};

/// The schema of a search (RFC 7644 3.4.3).
pub const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The body of `/.search` (RFC 7644 3.4.3). The texts are as they were sent: which kinds of
/// resources are searched is the address's to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchRequest {
    /// The names of `attributes`.
    pub attributes: Vec<String>,
    /// The names of `excludedAttributes`.
    pub excluded_attributes: Vec<String>,
    /// The filter, not yet parsed.
    pub filter: Option<String>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder`
    pub sort_order: Option<String>,
    /// Which page.
    pub page: Page,
    /// The liberties that were taken.
    pub quirks: Vec<Quirk>,
}

/// Which page of a list (RFC 7644 3.4.2.4, RFC 9865 2.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The first resource, counted from 1; nothing if nobody said.
    pub start_index: Option<u64>,
    /// The most resources; nothing if nobody said. 0 asks only how many there are, and does not go
    /// with a cursor.
    pub count: Option<u64>,
    /// Where to go on; empty for the first page by cursor.
    pub cursor: Option<String>,
}

impl Page {
    /// Reads the parameters of a query. A `startIndex` below 1 is 1, a `count` below 0 is 0.
    ///
    /// # Errors
    /// `invalidValue` for what is no whole number, or a `startIndex` beside a `cursor`;
    /// `invalidCount` for a `count` below 1 beside a `cursor`.
    pub fn parse(
        start_index: Option<&str>,
        count: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Self, ScimError> {
        let number = |name: &str, text: &str| {
            let wrong = |_| ScimError::value(format!("{name} is to be a whole number"));
            text.trim().parse::<i64>().map_err(wrong)
        };
        let start_index = start_index
            .map(|text| number("startIndex", text))
            .transpose()?;
        let count = count.map(|text| number("count", text)).transpose()?;
        Self::of(start_index, count, cursor.map(str::to_owned))
    }

    fn of(
        start_index: Option<i64>,
        count: Option<i64>,
        cursor: Option<String>,
    ) -> Result<Self, ScimError> {
        if start_index.is_some() && cursor.is_some() {
            return Err(ScimError::value("startIndex and cursor do not go together"));
        }
        // A page without anybody in it would have no next one (RFC 9865 2.3).
        if cursor.is_some() && count.is_some_and(|count| count < 1) {
            let detail = "beside a cursor, count is to be 1 at the least";
            return Err(ScimError::new(ScimType::InvalidCount, detail));
        }
        let at_least = |least: i64| move |number: i64| number.max(least).unsigned_abs();
        Ok(Self {
            start_index: start_index.map(at_least(1)),
            count: count.map(at_least(0)),
            cursor,
        })
    }

    /// The most resources that the page may have: what was asked for, or `default` if nothing was,
    /// and `most` in any case.
    pub fn limit(&self, default: u64, most: u64) -> u64 {
        self.count.unwrap_or(default).min(most)
    }
}

impl SearchRequest {
    /// Reads the body of `/.search`. Names may be in any case.
    ///
    /// # Errors
    /// `invalidSyntax` for what is no object, `invalidValue` for wrong types, `invalidFilter` for
    /// a filter that is no text.
    pub fn parse(sent: Value) -> Result<Self, ScimError> {
        let Value::Object(sent) = within(sent)? else {
            return Err(ScimError::syntax("a search is to be a JSON object"));
        };
        let mut quirks = vec![];
        if !lookup(&sent, "schemas").is_some_and(|schemas| names(schemas, SEARCH_URN)) {
            note(&mut quirks, Quirk::SchemaMissing);
        }
        let filter = text(&sent, "filter")
            .map_err(|error| ScimError::new(ScimType::InvalidFilter, error.detail))?;
        let page = Page::of(
            number(&sent, "startIndex")?,
            number(&sent, "count")?,
            text(&sent, "cursor")?,
        )?;
        Ok(Self {
            attributes: list(&sent, "attributes")?,
            excluded_attributes: list(&sent, "excludedAttributes")?,
            filter,
            sort_by: text(&sent, "sortBy")?,
            sort_order: text(&sent, "sortOrder")?,
            page,
            quirks,
        })
    }

    /// What is shown of resources of a kind.
    pub fn projection(&self, kind: Kind) -> Projection {
        let attributes = self.attributes.iter().map(String::as_str);
        let excluded = self.excluded_attributes.iter().map(String::as_str);
        Projection::new(kind, attributes, excluded)
    }

    /// The order of resources of a kind, if one was asked for.
    ///
    /// # Errors
    /// Those of [`Sort::parse`].
    pub fn sort(&self, kind: Kind) -> Result<Option<Sort>, ScimError> {
        let sort_by = self.sort_by.as_deref();
        sort_by
            .map(|sort_by| Sort::parse(kind, sort_by, self.sort_order.as_deref()))
            .transpose()
    }
}

fn text(sent: &Map, name: &str) -> Result<Option<String>, ScimError> {
    match lookup(sent, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ScimError::value(format!("{name} is to be a text"))),
    }
}

fn number(sent: &Map, name: &str) -> Result<Option<i64>, ScimError> {
    match lookup(sent, name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match whole(value) {
            Some(number) => Ok(Some(number)),
            None => Err(ScimError::value(format!("{name} is to be a whole number"))),
        },
    }
}

/// A whole number, also written as `10.0`.
pub(super) fn whole(value: &Value) -> Option<i64> {
    let written_with_a_point = || {
        let text = value.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{text:.0}").parse().ok()
    };
    value.as_i64().or_else(written_with_a_point)
}

/// A list of names; also as one text with commas, as in a query.
fn list(sent: &Map, name: &str) -> Result<Vec<String>, ScimError> {
    let wrong = || ScimError::value(format!("{name} is to be a list of texts"));
    match lookup(sent, name) {
        None | Some(Value::Null) => Ok(vec![]),
        Some(Value::String(names)) => Ok(names.split(',').map(str::to_owned).collect()),
        Some(Value::Array(names)) => names
            .iter()
            .map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}
