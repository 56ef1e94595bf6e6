//! Documents for people and machines: the OpenAPI document, a page to read and try it, and both
//! texts for language models. All are made once from the route table and from `texts/`, and none
//! needs a token or tells anything of anybody.

mod entries;
mod errors;
mod llms;
mod openapi;
mod swagger;

use std::sync::LazyLock;

use crate::http::answer::Response;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

pub use openapi::{document, is_documented, schema_of};

use crate::http::clients::failure::Failure;
use crate::http::router::Asked;
use crate::http::{answer, etag};
use crate::model::token::TokenHash;

/// A document that never changes while the program runs, and its tag.
struct Page {
    content_type: String,
    bytes: Bytes,
    tag: String,
}

impl Page {
    fn new(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = TokenHash(Sha256::digest(&bytes).into()).to_hex();
        Self {
            content_type: content_type.to_owned(),
            bytes,
            tag: format!("\"{}\"", &digest[..32]),
        }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let is_known = etag::is_known(headers, &self.tag);
        let mut response = if is_known {
            answer::empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = Response::new(self.bytes.clone().into());
            answer::set(&mut response, CONTENT_TYPE, &self.content_type);
            response
        };
        answer::set(&mut response, ETAG, &self.tag);
        // The next release may say something else under the same path.
        answer::set(&mut response, CACHE_CONTROL, "no-cache");
        answer::set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
        response
    }
}

/// `GET /`: what this is, for whoever comes by with a browser.
pub fn index(headers: &HeaderMap) -> Response {
    static PAGE: LazyLock<Page> =
        LazyLock::new(|| Page::new("text/html; charset=utf-8", include_str!("texts/index.html")));
    let mut response = PAGE.answer(headers);
    let policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
    answer::set(&mut response, CONTENT_SECURITY_POLICY, policy);
    response
}

/// `GET /openapi.json`
pub fn openapi(headers: &HeaderMap) -> Response {
    static PAGE: LazyLock<Page> =
        LazyLock::new(|| Page::new("application/json", document().to_string()));
    PAGE.answer(headers)
}

/// `GET /docs`: the page's files are named relative to `/docs/`.
pub fn docs_entrance() -> Response {
    let mut response = answer::empty(StatusCode::PERMANENT_REDIRECT);
    answer::set(&mut response, LOCATION, "docs/");
    response
}

/// `GET /docs/` and the files beside it.
pub fn docs_file(asked: &Asked) -> Response {
    let path = asked.path();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = if name.is_empty() { "index.html" } else { name };
    let file = swagger::file(name, &asked.head.headers);
    file.unwrap_or_else(|| Failure::NoSuchPath.render(&asked.id))
}

/// `GET /llms.txt`
pub fn llms(headers: &HeaderMap) -> Response {
    static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(MARKDOWN, llms::contents()));
    PAGE.answer(headers)
}

/// `GET /llms-full.txt`
pub fn llms_full(headers: &HeaderMap) -> Response {
    static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(MARKDOWN, llms::whole()));
    PAGE.answer(headers)
}

/// Browsers show `text/markdown` as a download.
const MARKDOWN: &str = "text/plain; charset=utf-8";
