//! Documents for people and machines.

use axum::response::Response;
use hyper::StatusCode;

use crate::http::answer;

pub fn index() -> Response {
    answer::empty(StatusCode::OK)
}
pub fn openapi() -> Response {
    answer::empty(StatusCode::OK)
}
pub fn docs_entrance() -> Response {
    answer::empty(StatusCode::OK)
}
pub fn docs_file(_path: &str) -> Response {
    answer::empty(StatusCode::OK)
}
pub fn llms() -> Response {
    answer::empty(StatusCode::OK)
}
pub fn llms_full() -> Response {
    answer::empty(StatusCode::OK)
}
