//! `POST …/Bulk` (RFC 7644 3.7): many changes in one request.
//!
//! Each change goes to the handler that answers it when it is sent alone, so that the two ways
//! cannot differ. They are made one after the other, in the plan's order; only users that are
//! created and have nothing to do with each other are created at once, since one by one each would
//! wait for a commit of its own.

use std::collections::HashSet;

use futures_util::future::join_all;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MATCH, LOCATION,
};
use hyper::http::request::Parts;
use hyper::http::uri::{PathAndQuery, Uri};
use hyper::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scim::message::{
    BulkIds, BulkMethod, BulkOperation, BulkRequest, BulkResponse, BulkResult, Identifier, Step,
};
use scim::{Kind, ScimError, ScimType};

use crate::http::answer::Response;
use crate::http::scim::{
    Call, Failure, GROUP, GROUPS, MEDIA_TYPE, ROOT, USER, USERS, answered, groups, users,
};

/// Changes in one request at most.
pub const OPERATIONS_MAX: usize = 1_000;

/// Users that are created at once at most: about as many as share a commit. Whoever else writes has
/// their turn in between.
const AT_ONCE_MAX: usize = 64;

/// `POST …/Bulk`
pub async fn make(call: Call) -> Result<Response, Failure> {
    let request = BulkRequest::parse(call.json().await?, OPERATIONS_MAX)?;
    call.note(&request.quirks);
    let plan = request.plan();
    let mut results = vec![None; plan.len()];
    let mut bulk = Bulk {
        base: call.base(),
        call,
        request,
        ids: BulkIds::default(),
        errors: 0,
        is_away: false,
    };
    let mut steps = plan.as_slice();
    while !steps.is_empty() && !bulk.request.is_over(bulk.errors) {
        let (together, rest) = steps.split_at(bulk.made_at_once(steps));
        steps = rest;
        for (place, result) in join_all(together.iter().map(|step| bulk.taken(step))).await {
            bulk.note(&result);
            results[place] = Some(result);
        }
    }
    let results = results.into_iter().flatten().collect();
    let body = BulkResponse { results }.to_json();
    Ok(answered(StatusCode::OK, &body))
}

/// A bulk request on its way.
struct Bulk {
    call: Call,
    base: String,
    request: BulkRequest,
    ids: BulkIds,
    errors: u64,
    /// Whether a change was answered with 503: waiting in vain for each of the rest could take hours.
    is_away: bool,
}

impl Bulk {
    /// How many of the next steps are taken at once. Whatever comes of them is what would come of
    /// them one by one: no two are about the same name, and if all failed there would be no more
    /// errors than the request allows.
    fn made_at_once(&self, steps: &[Step]) -> usize {
        let allowed = self.request.fail_on_errors.unwrap_or(u64::MAX) - self.errors;
        let most = usize::try_from(allowed).map_or(AT_ONCE_MAX, |allowed| allowed.min(AT_ONCE_MAX));
        let mut taken = HashSet::new();
        let is_apart = |step: &&Step| {
            let names = match step {
                Step::Make(place) => self.operation(*place).and_then(BulkOperation::new_names),
                Step::Refuse(..) => None,
            };
            names.is_some_and(|names| names.into_iter().all(|name| taken.insert(name)))
        };
        steps.iter().take(most).take_while(is_apart).count().max(1)
    }

    fn operation(&self, place: usize) -> Option<&BulkOperation> {
        self.request.operations.get(place)?.as_ref().ok()
    }

    /// What comes of a step, and its place in the request.
    async fn taken(&self, step: &Step) -> (usize, BulkResult) {
        match step {
            Step::Refuse(place, result) => (*place, result.clone()),
            Step::Make(place) => {
                let operation = self.operation(*place);
                let operation = operation.expect("a plan makes no change that could not be read");
                (*place, self.made(operation).await)
            }
        }
    }

    async fn made(&self, operation: &BulkOperation) -> BulkResult {
        let resolved = match operation.clone().resolved(&self.ids) {
            Ok(resolved) => resolved,
            Err(error) => return operation.failed(&error),
        };
        let location = match &resolved.target.identifier {
            Some(Identifier::Id(id)) => Some(format!(
                "{}{}/{id}",
                self.base,
                resolved.target.kind.endpoint()
            )),
            _ => None,
        };
        match self.answered(&resolved).await {
            Ok(response) => BulkResult {
                method: resolved.method.name().to_owned(),
                location: text(&response, &LOCATION).or(location),
                version: text(&response, &ETAG),
                status: response.status().as_u16(),
                bulk_id: resolved.bulk_id,
                response: None,
            },
            Err(failure) => {
                if let Some(reason) = failure.reason() {
                    let request_id = &self.call.asked.id;
                    tracing::warn!(%request_id, reason = reason.0, "a change of a bulk request failed");
                }
                BulkResult {
                    location,
                    ..resolved.failed(&failure.error())
                }
            }
        }
    }

    /// The answer to a change that is sent alone.
    async fn answered(&self, operation: &BulkOperation) -> Result<Response, Failure> {
        if self.is_away {
            let detail = "The directory is busy: this change was not tried";
            return Err(ScimError::of_status(503, detail).into());
        }
        let (kind, has_id) = (operation.target.kind, operation.target.identifier.is_some());
        let template = match (kind, has_id) {
            (Kind::User, false) => USERS,
            (Kind::User, true) => USER,
            (Kind::Group, false) => GROUPS,
            (Kind::Group, true) => GROUP,
        };
        let body = match operation.method {
            BulkMethod::Delete => String::new(),
            _ => operation.data.to_string(),
        };
        let part = self.call.part(template, self.head(operation)?, body.into());
        Box::pin(handled(part, kind, operation.method)).await
    }

    /// The head of the request that a change would be alone: as that of the whole, from the same
    /// caller and to the same host.
    fn head(&self, operation: &BulkOperation) -> Result<Parts, Failure> {
        let whole = &self.call.asked.head;
        let mut path = format!(
            "{ROOT}{}{}",
            self.call.access.client(),
            operation.target.kind.endpoint()
        );
        if let Some(Identifier::Id(id)) = &operation.target.identifier {
            path.push('/');
            path.extend(utf8_percent_encode(id, NON_ALPHANUMERIC));
        }
        if operation.target.kind == Kind::Group {
            // Of what is written no body is shown here, and members are many.
            path.push_str("?excludedAttributes=members");
        }
        let mut uri = whole.uri.clone().into_parts();
        // What is too long for a path leads to nobody.
        uri.path_and_query = Some(PathAndQuery::try_from(path).map_err(|_| Failure::NoSuchPath)?);
        let mut head = whole.clone();
        head.uri = Uri::from_parts(uri).map_err(|_| Failure::NoSuchPath)?;
        head.method = match operation.method {
            BulkMethod::Post => Method::POST,
            BulkMethod::Put => Method::PUT,
            BulkMethod::Patch => Method::PATCH,
            BulkMethod::Delete => Method::DELETE,
        };
        let headers = &mut head.headers;
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.remove(IF_MATCH);
        if let Some(version) = &operation.version {
            let version = HeaderValue::from_str(version).map_err(|_| {
                let detail = "the version is not an entity tag";
                ScimError::new(ScimType::InvalidValue, detail)
            })?;
            headers.insert(IF_MATCH, version);
        }
        Ok(head)
    }

    fn note(&mut self, result: &BulkResult) {
        self.is_away |= result.status == StatusCode::SERVICE_UNAVAILABLE.as_u16();
        if result.status >= 400 {
            self.errors += 1;
        } else if result.method == BulkMethod::Post.name()
            && let (Some(bulk_id), Some(location)) = (&result.bulk_id, &result.location)
            && let Some((_, id)) = location.rsplit_once('/')
        {
            self.ids.made(bulk_id, id);
        }
    }
}

async fn handled(part: Call, kind: Kind, method: BulkMethod) -> Result<Response, Failure> {
    match (kind, method) {
        (Kind::User, BulkMethod::Post) => users::create(part).await,
        (Kind::User, BulkMethod::Put) => users::replace(part).await,
        (Kind::User, BulkMethod::Patch) => users::patch(part).await,
        (Kind::User, BulkMethod::Delete) => users::delete(part).await,
        (Kind::Group, BulkMethod::Post) => groups::create(part).await,
        (Kind::Group, BulkMethod::Put) => groups::replace(part).await,
        (Kind::Group, BulkMethod::Patch) => groups::patch(part).await,
        (Kind::Group, BulkMethod::Delete) => groups::delete(part).await,
    }
}

fn text(response: &Response, header: &HeaderName) -> Option<String> {
    let value = response.headers().get(header)?;
    value.to_str().ok().map(str::to_owned)
}
