//! The messages around resources: lists, searches, bulk (RFC 7644 3.4, 3.7, RFC 9865). Errors are
//! [`crate::ScimError`]s, patches stand in [`crate::patch`].

mod bulk;
mod list;
mod plan;
mod search;

pub use bulk::{
    BULK_REQUEST_URN, BULK_RESPONSE_URN, BulkMethod, BulkOperation, BulkRequest, BulkResponse,
    BulkResult, BulkTarget, Identifier,
};
pub use list::{LIST_URN, ListResponse};
pub use plan::{BulkIds, Step};
pub use search::{Page, SEARCH_URN, SearchRequest};
