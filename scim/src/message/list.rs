//! A page of resources.

use serde::Serialize;

/// The schema of a list (RFC 7644 3.4.2).
pub const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A page of resources (RFC 7644 3.4.2), by number or by cursor (RFC 9865 2). It is written
/// straight from the resources, whatever they are kept as.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<'a, Resource> {
    schemas: [&'static str; 1],
    total_results: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_index: Option<u64>,
    items_per_page: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_cursor: Option<&'a str>,
    #[serde(rename = "Resources")]
    resources: &'a [Resource],
}

impl<'a, Resource: Serialize> ListResponse<'a, Resource> {
    /// A page by number: `start_index` is that of its first resource, counted from 1.
    pub fn by_index(total_results: u64, start_index: u64, resources: &'a [Resource]) -> Self {
        Self {
            schemas: [LIST_URN],
            total_results,
            start_index: Some(start_index),
            items_per_page: resources.len(),
            next_cursor: None,
            previous_cursor: None,
            resources,
        }
    }

    /// A page by cursor; without a next cursor it is the last one.
    pub fn by_cursor(
        total_results: u64,
        next_cursor: Option<&'a str>,
        previous_cursor: Option<&'a str>,
        resources: &'a [Resource],
    ) -> Self {
        Self {
            start_index: None,
            next_cursor,
            previous_cursor,
            ..Self::by_index(total_results, 1, resources)
        }
    }
}
