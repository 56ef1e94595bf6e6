//! `/healthz` and `/readyz`, for who starts and watches the server. They need no token and tell
//! nothing of anybody.

use axum::response::Response;
use hyper::StatusCode;
use serde_json::json;

use crate::http::Http;
use crate::http::answer;

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
                .insert(super::FailureReason(error.to_string()));
            response
        }
    }
}

/// `GET /metrics`
pub fn metrics(_http: &Http) -> Response {
    answer::empty(StatusCode::OK)
}
