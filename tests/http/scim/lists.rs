//! Pages, orders, projections, and the documents.

use serde_json::{Value, json};

use super::Provider;

async fn three() -> Provider {
    let provider = Provider::new().await;
    for name in ["cid", "ann", "bob"] {
        provider.user(json!({ "userName": name, "title": name })).await;
    }
    provider
}

#[tokio::test]
async fn pages_are_cut_by_index_and_count() {
    let provider = three().await;
    let rows = [
        ("", "3", "1", vec!["cid", "ann", "bob"]),
        ("?count=0", "3", "1", vec![]),
        ("?count=-1", "3", "1", vec![]),
        ("?startIndex=2&count=1", "3", "2", vec!["ann"]),
        ("?startIndex=0&count=1", "3", "1", vec!["cid"]),
        ("?startIndex=9", "3", "9", vec![]),
        ("?sortBy=userName", "3", "1", vec!["ann", "bob", "cid"]),
        ("?sortBy=userName&sortOrder=descending&count=2", "3", "1", vec!["cid", "bob"]),
        ("?sortBy=title&startIndex=2", "3", "2", vec!["bob", "cid"]),
        ("?unknown=1", "3", "1", vec!["cid", "ann", "bob"]),
    ];
    for (query, total, start, names) in rows {
        let page = provider.get(&format!("/Users{query}")).await.must_be(200);
        assert_eq!(page.at("/totalResults"), total, "{query}");
        assert_eq!(page.at("/startIndex"), start, "{query}");
        assert_eq!(page.at("/itemsPerPage"), names.len().to_string(), "{query}");
        assert_eq!(page.each("/Resources", "/userName"), names, "{query}");
    }
}

#[tokio::test]
async fn only_what_is_asked_for_is_shown() {
    let provider = three().await;
    let keys = async |query: &str| {
        let page = provider.get(&format!("/Users?count=1&{query}")).await.must_be(200);
        let first = page.json()["Resources"][0].clone();
        let keys = first.as_object().unwrap().keys().cloned();
        keys.collect::<Vec<String>>().join(" ")
    };
    assert_eq!(keys("").await, "schemas id userName active title meta");
    assert_eq!(keys("attributes=USERNAME").await, "schemas id userName");
    assert_eq!(keys("excludedAttributes=meta,title").await, "schemas id userName active");
}

#[tokio::test]
async fn paths_are_read_in_any_case_with_or_without_a_slash() {
    let provider = three().await;
    for path in ["/users", "/USERS/", "/Users/", "/schemas", "/serviceproviderconfig/"] {
        provider.get(path).await.must_be(200);
    }
    let upper = provider.path("/Users").to_uppercase();
    let world = &provider.tenant.world;
    let bearer = world.bearer(&provider.bearer.secret);
    crate::support::Caller::get(&bearer, &upper).await.must_be(200);
}

#[tokio::test]
async fn the_documents_say_what_there_is() {
    let provider = Provider::new().await;
    let configuration = provider.get("/ServiceProviderConfig").await.must_be(200).json();
    for (feature, supported) in [
        ("patch", true),
        ("filter", true),
        ("sort", true),
        ("etag", true),
        ("bulk", true),
        ("changePassword", false),
    ] {
        assert_eq!(configuration[feature]["supported"], supported, "{feature}");
    }
    let pagination = json!({
        "cursor": true, "index": true, "defaultPaginationMethod": "index",
        "defaultPageSize": 100, "maxPageSize": 1_000,
    });
    assert_eq!(configuration["pagination"], pagination);
    let types = provider.get("/ResourceTypes").await.must_be(200);
    assert_eq!(types.each("/Resources", "/id"), ["User", "Group"]);
    let user = provider.get("/ResourceTypes/user").await.must_be(200);
    assert_eq!(user.at("/endpoint"), "/Users");
    provider.get("/ResourceTypes/Group").await.must_be(200);
    provider.get("/ResourceTypes/Robot").await.must_be(404);
    let schemas = provider.get("/Schemas").await.must_be(200);
    for urn in schemas.each("/Resources", "/id") {
        let one = provider.get(&format!("/Schemas/{urn}")).await.must_be(200);
        assert_eq!(one.at("/id"), urn);
        assert!(matches!(one.json()["attributes"], Value::Array(_)));
    }
}
