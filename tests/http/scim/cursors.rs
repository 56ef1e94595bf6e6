//! Pages by cursor (RFC 9865).

use std::collections::HashMap;

use rollcall::model::scope::Scope;
use serde_json::{Value, json};

use super::{Provider, escaped};
use crate::support::Tenant;

impl Provider {
    /// A page of a list in a path that has a query, and the cursor of the next one.
    async fn page(&self, path: &str, cursor: &str) -> (Value, Option<String>) {
        let page = self.get(&format!("{path}&cursor={cursor}")).await.must_be(200).json();
        let next = page.get("nextCursor").map(|next| next.as_str().unwrap().to_owned());
        (page, next)
    }

    /// What every page of a list shows, one after the other; `between` happens after each.
    async fn walk(&self, path: &str, mut between: impl AsyncFnMut(usize)) -> Vec<Value> {
        let (mut met, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let (page, next) = self.page(path, &cursor).await;
            met.extend(page["Resources"].as_array().unwrap().iter().cloned());
            between(pages).await;
            pages += 1;
            let Some(next) = next else {
                return met;
            };
            cursor = next;
        }
    }
}

fn texts(met: &[Value], name: &str) -> Vec<String> {
    let text = |resource: &Value| resource[name].as_str().unwrap_or("-").to_owned();
    met.iter().map(text).collect()
}

/// Users `u0` to `u8`, whose titles are three, and three groups.
async fn twelve() -> (Provider, Vec<String>) {
    let provider = Provider::new().await;
    let mut ids = Vec::new();
    for number in 0..9 {
        let title = ["b", "A", "c"][number % 3];
        let body = json!({ "userName": format!("u{number}"), "title": title });
        ids.push(provider.user(body).await);
    }
    for name in ["x", "y", "z"] {
        let body = json!({ "displayName": name });
        provider.send("POST", "/Groups", body).await.must_be(201);
    }
    (provider, ids)
}

/// RFC 9865 2
#[tokio::test]
async fn an_empty_cursor_begins_and_the_last_page_has_none() {
    let (provider, _) = twelve().await;
    let path = format!("/Users?filter={}&count=4", escaped(r#"userName sw "U""#));
    let (first, next) = provider.page(&path, "").await;
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["schemas", "totalResults", "itemsPerPage", "nextCursor", "Resources"]);
    assert_eq!((&first["totalResults"], &first["itemsPerPage"]), (&json!(9), &json!(4)));
    let next = next.unwrap();
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    assert!(next.bytes().all(is_unreserved), "{next}");
    let (second, next) = provider.page(&path, &next).await;
    let (last, end) = provider.page(&path, &next.unwrap()).await;
    assert_eq!((&last["itemsPerPage"], end), (&json!(1), None));
    assert_eq!(texts(second["Resources"].as_array().unwrap(), "userName"), ["u4", "u5", "u6", "u7"]);
    // A page that is just full is the last one too.
    let (page, end) = provider.page("/Users?count=9", "").await;
    assert_eq!((&page["itemsPerPage"], end), (&json!(9), None));
    let without = provider.get("/Users?cursor&count=2").await.must_be(200);
    assert_eq!(without.at("/itemsPerPage"), "2");
    assert!(!without.at("/nextCursor").is_empty());
    // Who does not say is answered by number.
    assert_eq!(provider.get("/Users?count=2").await.json().get("nextCursor"), None);
}

#[tokio::test]
async fn every_list_and_every_order_is_walked_as_it_is_shown() {
    let (provider, _) = twelve().await;
    let nothing = async |_| {};
    for list in ["/Users", "/Groups"] {
        for query in [
            "", "sortBy=userName", "sortBy=displayName&sortOrder=descending",
            "sortBy=title", "sortBy=title&sortOrder=descending", "sortBy=meta.created",
            "sortBy=active", "sortBy=nothing", "filter=id%20pr", "filter=id%20pr&sortBy=title",
        ] {
            let whole = provider.get(&format!("{list}?{query}")).await.must_be(200).json();
            let met = provider.walk(&format!("{list}?{query}&count=2"), nothing).await;
            assert_eq!(json!(met), whole["Resources"], "{list}?{query}");
        }
    }
    let whole = provider.send("POST", "/.search", json!({ "sortBy": "displayName" })).await;
    let (mut met, mut cursor) = (Vec::new(), json!(""));
    while !cursor.is_null() {
        let body = json!({ "sortBy": "displayName", "count": 5, "cursor": cursor });
        let page = provider.send("POST", "/.search", body).await.must_be(200).json();
        met.extend(page["Resources"].as_array().unwrap().iter().cloned());
        cursor = page["nextCursor"].clone();
    }
    assert_eq!(json!(met), whole.json()["Resources"]);
    assert_eq!(met.len(), 12);
}

#[tokio::test]
async fn who_is_there_throughout_is_met_once_whatever_is_written_meanwhile() {
    for query in ["", "&sortBy=title", "&sortBy=title&sortOrder=descending", "&filter=id%20pr"] {
        let (provider, ids) = twelve().await;
        let path = format!("/Users?count=3{query}");
        let met = provider.walk(&path, async |page| {
            if page > 2 {
                return;
            }
            // Who was met, and who was not; somebody comes, and each is renamed.
            provider.delete(&format!("/Users/{}", ids[page])).await.must_be(204);
            provider.delete(&format!("/Users/{}", ids[8 - page])).await.must_be(204);
            let title = ["0", "B", "z"][page];
            provider.user(json!({ "userName": format!("new{page}"), "title": title })).await;
            for id in &ids[3..6] {
                let name = format!("{page}{id}");
                let rename = json!([{ "op": "replace", "path": "userName", "value": name }]);
                provider.patch(id, rename).await.must_be(200);
            }
        });
        let met = met.await;
        let mut times: HashMap<String, usize> = HashMap::new();
        for id in texts(&met, "id") {
            *times.entry(id).or_default() += 1;
        }
        assert!(times.values().all(|times| *times == 1), "{query}: {times:?}");
        for stayed in &ids[3..6] {
            assert_eq!(times.get(stayed), Some(&1), "{query}");
        }
    }
}

/// RFC 9865 2.3
#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let (provider, _) = twelve().await;
    let other = Tenant::within(&provider.tenant.world, "Other").await;
    let other = Provider { bearer: other.token(&[Scope::Scim]).await, tenant: other };
    for name in ["a", "b"] {
        other.user(json!({ "userName": name })).await;
    }
    let cursor = async |provider: &Provider, path: &str| {
        provider.page(path, "").await.1.unwrap()
    };
    let plain = cursor(&provider, "/Users?count=1").await;
    let foreign = cursor(&other, "/Users?count=1").await;
    let sorted = cursor(&provider, "/Users?count=1&sortBy=title").await;
    let filtered = cursor(&provider, "/Users?count=1&filter=id%20pr").await;
    let groups = cursor(&provider, "/Groups?count=1").await;
    let mut altered = plain.clone();
    altered.replace_range(20..21, if &plain[20..21] == "A" { "B" } else { "A" });
    for wrong in [&foreign, &sorted, &filtered, &groups, &altered, "x", "0", &"A".repeat(5_000)] {
        let answer = provider.get(&format!("/Users?count=1&cursor={wrong}")).await.must_be(400);
        assert_eq!(answer.at("/scimType"), "invalidCursor", "{wrong}");
    }
    for path in ["sortBy=title&sortOrder=descending", "sortBy=userName", "filter=title%20pr"] {
        let answer = provider.get(&format!("/Users?{path}&cursor={sorted}")).await.must_be(400);
        assert_eq!(answer.at("/scimType"), "invalidCursor", "{path}");
    }
    // As a query or in a body, and with another count, it is the same list.
    let body = json!({ "cursor": plain, "count": 7 });
    let page = provider.send("POST", "/Users/.search", body.clone()).await.must_be(200);
    assert_eq!(page.each("/Resources", "/userName")[0], "u1");
    let answer = provider.send("POST", "/.search", body).await.must_be(400);
    assert_eq!(answer.at("/scimType"), "invalidCursor");
    for (query, scim_type) in [
        ("count=0", "invalidCount"),
        ("count=-1", "invalidCount"),
        ("count=x", "invalidValue"),
        ("startIndex=1", "invalidValue"),
    ] {
        let answer = provider.get(&format!("/Users?cursor=&{query}")).await.must_be(400);
        assert_eq!(answer.at("/scimType"), scim_type, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_outlives_the_server_and_whom_it_names() {
    let (provider, ids) = twelve().await;
    let (_, next) = provider.page("/Users?count=3", "").await;
    provider.delete(&format!("/Users/{}", ids[2])).await.must_be(204);
    let world = provider.tenant.world.another_server().await;
    let bearer = world.bearer(&provider.bearer.secret);
    let tenant = Tenant::of(&world, provider.tenant.id).await;
    let again = Provider { tenant, bearer };
    let (page, _) = again.page("/Users?count=3", &next.unwrap()).await;
    assert_eq!(texts(page["Resources"].as_array().unwrap(), "userName"), ["u3", "u4", "u5"]);
}

#[tokio::test]
async fn a_value_of_any_length_can_be_walked_by() {
    let provider = Provider::new().await;
    for number in 0..4 {
        let title = format!("{}{}", "\u{10400}".repeat(2_000), 9 - number);
        provider.user(json!({ "userName": format!("u{number}"), "nickName": title })).await;
    }
    let met = provider.walk("/Users?count=1&sortBy=nickName", async |_| {}).await;
    assert_eq!(texts(&met, "userName"), ["u0", "u1", "u2", "u3"]);
}
