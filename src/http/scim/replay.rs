//! A logged request done once more, as a rehearsal: by the same handlers, against the directory as it
//! is now, and undone.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::{Method, Request};

use crate::http::body::Body;
use crate::http::metrics::Metrics;
use crate::http::request_log::{RequestLog, RequestLogMode};
use crate::http::{Http, Settings, routes};
use crate::model::invalid::Invalid;
use crate::model::scim_log::LoggedRequest;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::trail::{Notes, Trail};

/// That a request is a rehearsal, and of whose: an extension of the request, which nobody outside of
/// this process can add.
#[derive(Clone)]
pub(super) struct Rehearsing(pub(super) Access);

/// What a request would come to now.
#[derive(Debug)]
pub struct Replayed {
    /// The status of the answer.
    pub status: u16,
    /// The answer; empty where it would show what was not written.
    pub answer: Bytes,
    /// How it was read, and what it would change.
    pub notes: Notes,
}

/// Rehearses a request of the client's.
///
/// # Errors
/// [`Error::Invalid`] when the log does not have all of the request, or it cannot be rehearsed.
pub async fn replay(
    app: Arc<App>,
    access: Access,
    logged: LoggedRequest,
) -> Result<Replayed, Error> {
    let request = request(&logged)?;
    let metrics = Arc::new(Metrics::new());
    let (nowhere, dropped) = (Box::new(std::io::sink()), metrics.dropped_log_lines());
    let log = RequestLog::start(RequestLogMode::Off, nowhere, dropped);
    let log = Arc::new(log.map_err(|error| Error::Internal(error.to_string()))?);
    let http = Http::new(app, Settings::default(), metrics, log).await?;
    let trail = Arc::new(Trail::of_rehearsal());
    let mut request = request;
    let access = access.leaving(Arc::clone(&trail));
    request.extensions_mut().insert(Rehearsing(access));
    let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let response = routes::router(&http).answer(request, nobody).await;
    let status = response.status().as_u16();
    let answer = match response.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    Ok(Replayed {
        status,
        answer,
        notes: trail.take(),
    })
}

/// The request as it was sent.
fn request(logged: &LoggedRequest) -> Result<Request<Body>, Error> {
    let refused = |reason: &str| Error::from(Invalid::new("number", reason));
    let (summary, facts) = (&logged.summary, &logged.facts);
    if facts.is_target_cut {
        return Err(refused(
            "the log does not have the whole path of this request",
        ));
    }
    if facts.sent.is_cut {
        return Err(refused(
            "the log does not have the whole body of this request",
        ));
    }
    let path = summary.target.split('?').next().unwrap_or_default();
    if path
        .trim_end_matches('/')
        .to_ascii_lowercase()
        .ends_with("/bulk")
    {
        return Err(refused(
            "the changes of a bulk request build on each other, and each would be undone by itself",
        ));
    }
    let broken = |_| refused("the log does not have this request as it was sent");
    let method = Method::from_bytes(summary.method.as_bytes())
        .map_err(|_| refused("the log does not have the method of this request"))?;
    let mut builder = Request::builder().method(method).uri(&*summary.target);
    for (name, value) in &facts.headers {
        // The body is written anew, and may have another length.
        if &**name != "content-length" {
            builder = builder.header(&**name, &**value);
        }
    }
    let body = logged
        .sent
        .as_deref()
        .map(|text| Body::from(text.to_owned()));
    builder.body(body.unwrap_or_default()).map_err(broken)
}
