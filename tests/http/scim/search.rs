//! Questions in a body, and how many of them look at everybody at once.

use serde_json::{Value, json};

use super::{Provider, escaped};
use crate::support::Answer;

impl Provider {
    async fn search(&self, rest: &str, body: Value) -> Answer {
        self.send("POST", &format!("{rest}/.search"), body).await
    }
}

/// Users `ann`, `bob` and `cid`, and the groups `bees` and `Ants`, in which `ann` is.
async fn five() -> Provider {
    let provider = Provider::new().await;
    let mut ids = Vec::new();
    for name in ["cid", "ann", "bob"] {
        let body = json!({ "userName": name, "displayName": name });
        ids.push(provider.user(body).await);
    }
    for name in ["bees", "Ants"] {
        let body = json!({ "displayName": name, "members": [{ "value": ids[1] }] });
        provider.send("POST", "/Groups", body).await.must_be(201);
    }
    provider
}

fn names(answer: &Answer) -> Vec<String> {
    answer.each("/Resources", "/displayName")
}

#[tokio::test]
async fn a_body_asks_what_a_query_asks() {
    let provider = five().await;
    for (kind, query, body) in [
        ("/Users", "", json!({})),
        ("/Users", "count=2&startIndex=2", json!({ "count": 2, "startIndex": 2 })),
        ("/Users", "count=0", json!({ "count": 0 })),
        ("/Users", "sortBy=userName&sortOrder=descending",
         json!({ "sortBy": "userName", "sortOrder": "descending" })),
        ("/Users", "filter=userName%20ge%20%22b%22", json!({ "filter": "userName ge \"b\"" })),
        ("/Users", "attributes=userName,name", json!({ "attributes": ["userName", "name"] })),
        ("/Users", "excludedAttributes=meta", json!({ "excludedAttributes": ["meta"] })),
        ("/Groups", "", json!({})),
        ("/Groups", "excludedAttributes=members&sortBy=displayName",
         json!({ "excludedAttributes": ["members"], "sortBy": "displayName" })),
        ("/Groups", "filter=displayName%20eq%20%22ants%22",
         json!({ "filter": "displayName eq \"ants\"" })),
        ("/Groups", "filter=id%20pr&attributes=members",
         json!({ "filter": "id pr", "attributes": ["members"] })),
    ] {
        let asked = provider.get(&format!("{kind}?{query}")).await.must_be(200);
        let searched = provider.search(kind, body.clone()).await.must_be(200);
        assert_eq!(searched.text(), asked.text(), "{kind} {query} {body}");
        assert_eq!(searched.header("content-type"), "application/scim+json");
    }
}

#[tokio::test]
async fn at_the_root_users_and_groups_are_one_list() {
    let provider = five().await;
    let rows = [
        (json!({}), 5, vec!["cid", "ann", "bob", "bees", "Ants"]),
        (json!({ "count": 2, "startIndex": 3 }), 5, vec!["bob", "bees"]),
        (json!({ "count": 0 }), 5, vec![]),
        (json!({ "startIndex": 6 }), 5, vec![]),
        (json!({ "sortBy": "displayName" }), 5, vec!["ann", "Ants", "bees", "bob", "cid"]),
        (json!({ "sortBy": "displayName", "sortOrder": "descending", "count": 2 }), 5,
         vec!["cid", "bob"]),
        // Alike, so that the kinds stay apart.
        (json!({ "sortBy": "title" }), 5, vec!["cid", "ann", "bob", "bees", "Ants"]),
        (json!({ "filter": "displayName sw \"b\"" }), 2, vec!["bob", "bees"]),
        (json!({ "filter": "displayName eq \"ANTS\"" }), 1, vec!["Ants"]),
        (json!({ "filter": "userName eq \"ann\"" }), 1, vec!["ann"]),
        (json!({ "filter": "meta.resourceType eq \"Group\"" }), 2, vec!["bees", "Ants"]),
        (json!({ "filter": "members pr" }), 2, vec!["bees", "Ants"]),
        (json!({ "filter": "nothing pr" }), 0, vec![]),
        // It has a meaning for groups alone: no user's `active` is above another.
        (json!({ "filter": "active gt true or displayName eq \"bees\"" }), 1, vec!["bees"]),
    ];
    for (body, total, expect) in rows {
        let found = provider.search("", body.clone()).await.must_be(200);
        assert_eq!(found.at("/totalResults"), total.to_string(), "{body}");
        assert_eq!(names(&found), expect, "{body}");
    }
    let shown = provider.search("", json!({ "attributes": ["userName", "members"] })).await;
    let keys = |resource: &Value| resource.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&shown.json()["Resources"][0]), ["schemas", "id", "userName"]);
    assert_eq!(keys(&shown.json()["Resources"][4]), ["schemas", "id", "members"]);
    let refused = provider.search("", json!({ "filter": "displayName xx 1" })).await;
    assert_eq!(refused.must_be(400).at("/scimType"), "invalidFilter");
}

#[tokio::test]
async fn its_path_is_read_in_any_case_with_or_without_a_slash() {
    let provider = five().await;
    for path in ["/.search/", "/.SEARCH", "/users/.search", "/GROUPS/.Search/"] {
        provider.send("POST", path, json!({})).await.must_be(200);
    }
    let nothing = json!({ "Operations": [] });
    provider.send("POST", "/bulk/", nothing).await.must_be(200);
    provider.get("/Users/.search").await.must_be(405);
    provider.send("POST", "/Schemas/.search", json!({})).await.must_be(405);
    provider.send("POST", "/Things/.search", json!({})).await.must_be(404);
}

#[tokio::test]
async fn who_waits_too_long_for_a_look_at_everybody_is_told_to_come_again() {
    let provider = five().await;
    let looks = [
        ("/Users", json!({ "filter": "userName co \"n\"" })),
        ("/Users", json!({ "sortBy": "userName" })),
        ("/Groups", json!({ "filter": "displayName co \"n\"" })),
        ("/Groups", json!({ "sortBy": "displayName" })),
        ("", json!({ "filter": "displayName co \"n\"" })),
        ("", json!({})),
    ];
    let others = [
        ("/Users", json!({})),
        ("/Users", json!({ "cursor": "" })),
        ("/Users", json!({ "filter": "userName eq \"ann\"" })),
        ("/Groups", json!({ "filter": "displayName eq \"ants\"" })),
    ];
    let app = provider.tenant.world.app();
    // Not before: time that flies would count against the database's answers too.
    tokio::time::pause();
    let mut held = Vec::new();
    while let Ok(turn) = app.looks().turn().await {
        held.push(turn);
    }
    assert!(held.len() >= 2);
    for (path, body) in &looks {
        let answer = provider.search(path, body.clone()).await.must_be(503);
        assert_eq!(answer.at("/status"), "503");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let filter = escaped("title pr");
    provider.get(&format!("/Users?filter={filter}")).await.must_be(503);
    for (path, body) in others {
        provider.search(path, body).await.must_be(200);
    }
    held.pop();
    for (path, body) in looks {
        provider.search(path, body).await.must_be(200);
    }
}
