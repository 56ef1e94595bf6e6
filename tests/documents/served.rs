//! The documents as they are served.

use hyper::{Request, StatusCode};

use crate::Server;
use crate::support::databases::Backend;

#[tokio::test]
async fn each_document_has_its_type_and_a_tag_that_is_recognised() {
    let server = Server::start(Backend::Sqlite).await;
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/docs/", "text/html; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
        (
            "/docs/swagger-ui-bundle.js",
            "text/javascript; charset=utf-8",
        ),
        ("/docs/favicon-32x32.png", "image/png"),
        ("/llms.txt", "text/plain; charset=utf-8"),
        ("/llms-full.txt", "text/plain; charset=utf-8"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let request = Request::get(path).header("if-none-match", answer.header("etag"));
        let again = server.ask(request.body(Default::default()).unwrap()).await;
        assert_eq!(
            (again.status, again.text.as_str()),
            (StatusCode::NOT_MODIFIED, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let server = Server::start(Backend::Sqlite).await;
    let entrance = server.get("/docs").await;
    assert_eq!(entrance.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(entrance.header("location"), "docs/");
    let page = server.get("/docs/").await;
    assert!(!page.text.contains("//"), "{}", page.text);
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; ")
    );
    let names = page
        .text
        .split('"')
        .filter(|part| part.contains('.') && !part.contains(' '));
    let mut count = 0;
    for name in names {
        let path = format!("/docs/{}", name.trim_start_matches("./"));
        assert_eq!(server.get(&path).await.status, StatusCode::OK, "{path}");
        count += 1;
    }
    assert_eq!(count, 7);
    let settings = server.get("/docs/swagger-initializer.js").await;
    assert!(
        settings.text.contains(r#""../openapi.json""#),
        "{}",
        settings.text
    );
    let missing = server.get("/docs/swagger-ui.js.map").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(missing.json()["error"]["code"], "not_found");
}

#[tokio::test]
async fn the_texts_for_language_models_name_every_operation() {
    let server = Server::start(Backend::Sqlite).await;
    let contents = server.get("/llms.txt").await.text;
    let whole = server.get("/llms-full.txt").await.text;
    assert!(contents.starts_with("# Rollcall\n\n> One directory of every client's people"));
    let document = server.get("/openapi.json").await.json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let call = format!("`{} {path}`", method.to_uppercase());
            assert!(contents.contains(&call), "{call}");
            assert!(whole.contains(&call), "{call}");
            let summary = operation["summary"].as_str().unwrap();
            assert!(whole.contains(&format!("\n### {summary}\n")), "{summary}");
        }
    }
    assert_eq!(
        contents.matches("](/llms-full.txt#").count() + 3,
        contents.matches("](/").count()
    );
}
