//! `/healthz` and `/readyz`, for who starts and watches the server. They need no token and tell
//! nothing of anybody.

use crate::http::answer::Response;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use crate::http::Http;
use crate::http::answer;
use crate::http::clients::failure::Failure;
use crate::http::request_log::FailureReason;
use crate::http::router::Asked;
use crate::operations::scim_log;

/// `GET /healthz`: the process answers.
pub fn healthz() -> Response {
    answer::json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// `GET /readyz`: the database answers too.
pub async fn readyz(http: &Http) -> Response {
    match http.app.check().await {
        Ok(()) => answer::json(StatusCode::OK, &json!({ "status": "ready" })),
        Err(error) => {
            let mut response = answer::json(
                StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "status": "unavailable" }),
            );
            response
                .extensions_mut()
                .insert(FailureReason(error.to_string()));
            response
        }
    }
}

/// `GET /metrics`: figures without names and ids, in Prometheus' text form.
pub fn metrics(http: &Http, asked: &Asked) -> Response {
    if !http.settings.metrics {
        return Failure::NoSuchPath.render(&asked.id);
    }
    let (count, bytes) = http.app.images();
    http.metrics.set_images(count, bytes);
    let nodes = http.app.nodes();
    let is_leader = nodes.housekeeping_fence().is_some();
    http.metrics.set_nodes(nodes.alive(), is_leader);
    http.metrics.set_stale(http.app.stale_for());
    let (held, waiting) = http.app.holds();
    http.metrics.set_holds(held, waiting);
    let dropped = scim_log::dropped(&http.app);
    http.metrics.set_scim_log_dropped(dropped);
    if let Some(sharing) = http.app.sharing() {
        http.metrics.set_sharing(sharing.is_up, sharing.fallbacks);
    }
    let mut response = Response::new(http.metrics.render().into());
    let form = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, form);
    response
}
