//! `/docs/`: Swagger UI, whose files are part of the program. Nothing is loaded from elsewhere.

use std::sync::{Arc, LazyLock};

use crate::http::answer::Response;
use hyper::HeaderMap;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderName};
use utoipa_swagger_ui::Config;

use super::Page;
use crate::http::answer;

/// The files that the page is made of; the crate has more, for other uses.
const FILES: [&str; 8] = [
    "index.html",
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-16x16.png",
    "favicon-32x32.png",
];

/// Scripts and requests of this server alone, so the page can neither load anything from elsewhere
/// nor send a token there. Swagger UI keeps its icons in `data:` URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The file of that name; `None` when the page has none.
pub fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    static PAGES: LazyLock<Vec<(&str, Page)>> = LazyLock::new(load);
    let (_, page) = PAGES.iter().find(|(known, _)| *known == name)?;
    let mut response = page.answer(headers);
    answer::set(&mut response, CONTENT_SECURITY_POLICY, POLICY);
    let no_referrer = HeaderName::from_static("referrer-policy");
    answer::set(&mut response, no_referrer, "no-referrer");
    Some(response)
}

fn load() -> Vec<(&'static str, Page)> {
    // Relative, so that it also works where a proxy serves us below a path of its own.
    let config = Config::from("../openapi.json")
        .use_base_layout()
        .deep_linking(true)
        .display_operation_id(true)
        .display_request_duration(true)
        .try_it_out_enabled(false)
        .validator_url("none");
    let config = Arc::new(config);
    let page = |name: &'static str| {
        let file = utoipa_swagger_ui::serve(name, Arc::clone(&config))
            .ok()
            .flatten();
        let file = file.expect("a test reads every file");
        let mut bytes = file.bytes.into_owned();
        if name == "index.html" {
            let text = String::from_utf8_lossy(&bytes);
            bytes = text
                .replace("<title>Swagger UI<", "<title>Rollcall API<")
                .into_bytes();
        }
        (name, Page::new(&with_charset(file.content_type), bytes))
    };
    FILES.into_iter().map(page).collect()
}

fn with_charset(content_type: String) -> String {
    if content_type.starts_with("text/") && !content_type.contains("charset") {
        format!("{content_type}; charset=utf-8")
    } else {
        content_type
    }
}
