//! Many changes in one request (RFC 7644 3.7). In which order they are made, and what their
//! references to each other mean, is worked out in the module beside.

use serde_json::{Value, json};

use super::search::whole;
use crate::error::{ScimError, shown};
use crate::patch::names;
use crate::path::lookup;
use crate::quirk::{Quirk, note};
use crate::resource::within;
use crate::{Kind, Map};

/// The schema of a bulk request (RFC 7644 3.7).
pub const BULK_REQUEST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of its answer.
pub const BULK_RESPONSE_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Many changes in one request.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// After how many errors the rest is left undone; without it nothing is.
    pub fail_on_errors: Option<u64>,
    /// The changes. One that is wrong by itself is an error in its place, and the others stand.
    pub operations: Vec<Result<BulkOperation, Box<BulkResult>>>,
    /// The liberties that were taken.
    pub quirks: Vec<Quirk>,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOperation {
    /// What is done.
    pub method: BulkMethod,
    /// To what.
    pub target: BulkTarget,
    /// The name by which other changes refer to what this one makes.
    pub bulk_id: Option<String>,
    /// The entity tag that the resource is to have.
    pub version: Option<String>,
    /// The body; null if it has none. Of a PATCH the bare list of operations will do.
    pub data: Value,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMethod {
    /// A new resource.
    Post,
    /// A resource replaced.
    Put,
    /// A resource changed.
    Patch,
    /// A resource deleted.
    Delete,
}

/// What a path leads to: `/Users`, `/Users/2819c223`, `/Users/bulkId:ytrewq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkTarget {
    /// The kind of resource.
    pub kind: Kind,
    /// Which one; none for a new one.
    pub identifier: Option<Identifier>,
}

/// How a resource is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// By its id.
    Id(String),
    /// By the change that makes it.
    BulkId(String),
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkResult {
    /// The method as it was sent, for example `POST`.
    pub method: String,
    /// The change's name, as it was sent.
    pub bulk_id: Option<String>,
    /// The resource's address; for a POST that failed there is none.
    pub location: Option<String>,
    /// The resource's entity tag.
    pub version: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The body: an error's, always; a resource's, if the server likes.
    pub response: Option<Value>,
}

/// What came of all changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BulkResponse {
    /// Of those that were reached, in the order of the request.
    pub results: Vec<BulkResult>,
}

impl BulkRequest {
    /// Reads a bulk request of `operations_max` changes at the most.
    ///
    /// # Errors
    /// `invalidSyntax` for what is no bulk request, 413 for too many changes. An operation that is
    /// wrong by itself is not an error of the whole.
    pub fn parse(sent: Value, operations_max: usize) -> Result<Self, ScimError> {
        let Value::Object(sent) = within(sent)? else {
            return Err(ScimError::syntax("a bulk request is to be a JSON object"));
        };
        let mut quirks = vec![];
        let (mut fail_on_errors, mut operations, mut has_schema) = (None, None, false);
        for (key, value) in sent {
            match key.to_ascii_lowercase().as_str() {
                "failonerrors" => fail_on_errors = Some(value),
                "operations" => operations = Some(value),
                "schemas" => has_schema = names(&value, BULK_REQUEST_URN),
                _ => {}
            }
        }
        if !has_schema {
            note(&mut quirks, Quirk::SchemaMissing);
        }
        let fail_on_errors = match fail_on_errors {
            None | Some(Value::Null) => None,
            Some(value) => match whole(&value).map(u64::try_from) {
                Some(Ok(number)) if number > 0 => Some(number),
                _ => return Err(ScimError::value("failOnErrors is to be a number from 1")),
            },
        };
        let Some(Value::Array(operations)) = operations else {
            return Err(ScimError::syntax(
                "a bulk request is to have a list of Operations",
            ));
        };
        if operations.len() > operations_max {
            let detail = format!("a bulk request has {operations_max} Operations at the most");
            return Err(ScimError::of_status(413, detail));
        }
        let operations = operations.into_iter().map(BulkOperation::parse).collect();
        Ok(Self {
            fail_on_errors,
            operations,
            quirks,
        })
    }

    /// Whether after so many errors the rest is left undone.
    pub fn is_over(&self, errors: u64) -> bool {
        self.fail_on_errors.is_some_and(|most| errors >= most)
    }
}

impl BulkOperation {
    fn parse(sent: Value) -> Result<Self, Box<BulkResult>> {
        let Value::Object(mut sent) = sent else {
            let error = ScimError::syntax("an operation is to be an object");
            return Err(Box::new(BulkResult::failed("", None, &error)));
        };
        let text = |sent: &Map, name| {
            lookup(sent, name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let method = text(&sent, "method").unwrap_or_default();
        let bulk_id = text(&sent, "bulkId");
        let version = text(&sent, "version");
        let path = text(&sent, "path");
        let data = crate::path::spelling(&sent, "data").and_then(|key| sent.swap_remove(&key));
        let data = match data.unwrap_or(Value::Null) {
            // So does the RFC's own example (RFC 7644 3.7.3).
            Value::Array(list) if method.eq_ignore_ascii_case("PATCH") => {
                json!({ "Operations": list })
            }
            data => data,
        };
        let checked = BulkMethod::parse(&method).and_then(|method| {
            let target = BulkTarget::parse(path.as_deref().unwrap_or(""))?;
            check(method, &target, bulk_id.as_deref(), &data)?;
            Ok((method, target))
        });
        match checked {
            Ok((method, target)) => Ok(Self {
                method,
                target,
                bulk_id,
                version,
                data,
            }),
            Err(error) => Err(Box::new(BulkResult::failed(&method, bulk_id, &error))),
        }
    }

    /// What is said when the change could not be made.
    pub fn failed(&self, error: &ScimError) -> BulkResult {
        BulkResult::failed(self.method.name(), self.bulk_id.clone(), error)
    }
}

fn check(
    method: BulkMethod,
    target: &BulkTarget,
    bulk_id: Option<&str>,
    data: &Value,
) -> Result<(), ScimError> {
    match (method, &target.identifier) {
        (BulkMethod::Post, Some(_)) => {
            return Err(ScimError::syntax("the path of a POST is /Users or /Groups"));
        }
        (BulkMethod::Post, None) if bulk_id.is_none_or(str::is_empty) => {
            return Err(ScimError::syntax("a POST is to have a bulkId"));
        }
        (BulkMethod::Post, None) | (_, Some(_)) => {}
        (_, None) => return Err(ScimError::syntax("the path is to name a resource")),
    }
    if method != BulkMethod::Delete && !data.is_object() {
        return Err(ScimError::syntax("data is to be an object"));
    }
    Ok(())
}

impl BulkMethod {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn parse(name: &str) -> Result<Self, ScimError> {
        let mut all = [Self::Post, Self::Put, Self::Patch, Self::Delete].into_iter();
        all.find(|method| method.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                ScimError::syntax(format!(
                    "method {} is not POST, PUT, PATCH or DELETE",
                    shown(name)
                ))
            })
    }
}

impl BulkTarget {
    /// Reads a path: the endpoint in any case, with a slash before it or none.
    fn parse(path: &str) -> Result<Self, ScimError> {
        let wrong = || ScimError::path(format!("the path {} leads to no resource", shown(path)));
        let inner = path.trim_matches('/');
        let (endpoint, id) = match inner.split_once('/') {
            Some((endpoint, id)) => (endpoint, Some(id)),
            None => (inner, None),
        };
        let mut kinds = Kind::ALL.into_iter();
        let kind = kinds
            .find(|kind| kind.endpoint()[1..].eq_ignore_ascii_case(endpoint))
            .ok_or_else(wrong)?;
        let identifier = match id {
            None => None,
            Some(id) if id.is_empty() || id.contains('/') => return Err(wrong()),
            Some(id) => Some(match reference(id) {
                Some(bulk_id) => Identifier::BulkId(bulk_id.to_owned()),
                None => Identifier::Id(id.to_owned()),
            }),
        };
        Ok(Self { kind, identifier })
    }
}

/// The name in `bulkId:ytrewq`.
pub(super) fn reference(text: &str) -> Option<&str> {
    const PREFIX: &str = "bulkId:";
    let (prefix, name) = text.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(name)
}

impl BulkResult {
    fn failed(method: &str, bulk_id: Option<String>, error: &ScimError) -> Self {
        Self {
            method: method.to_owned(),
            bulk_id,
            location: None,
            version: None,
            status: error.status,
            response: Some(error.to_json()),
        }
    }

    fn to_json(&self) -> Value {
        let mut result = json!({ "method": self.method });
        let texts = [
            ("bulkId", &self.bulk_id),
            ("location", &self.location),
            ("version", &self.version),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                result[name] = text.as_str().into();
            }
        }
        result["status"] = self.status.to_string().into();
        if let Some(response) = &self.response {
            result["response"] = response.clone();
        }
        result
    }
}

impl BulkResponse {
    /// The body; statuses are strings in it.
    pub fn to_json(&self) -> Value {
        let operations: Vec<Value> = self.results.iter().map(BulkResult::to_json).collect();
        json!({ "schemas": [BULK_RESPONSE_URN], "Operations": operations })
    }
}
