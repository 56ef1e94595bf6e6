//! The published consumers' own loops over whole lists, with a bound so that a fault of ours is a
//! failure and not a hang.

use serde_json::Value;

use super::{Bearer, Caller};

const PAGES_MAX: usize = 5_000;

/// The Identity Gateway's: it stops only when the key `next_page_token` is not there. `query` is
/// empty or ends with `&`.
pub async fn gateway_walk(bearer: &Bearer, instance: &str, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut token = None;
    for _ in 0..PAGES_MAX {
        let token_part = token.map(|token: String| format!("pageToken={token}"));
        let token_part = token_part.unwrap_or_default();
        let path = format!("/{instance}/users?{query}{token_part}");
        let page = bearer.get(&path).await.must_be(200).json();
        items.extend(page["results"].as_array().unwrap().iter().cloned());
        match page.get("next_page_token") {
            None => return items,
            Some(next) => token = Some(next.as_str().unwrap_or_default().to_owned()),
        }
    }
    panic!("the walk of {instance} with {query:?} does not end");
}

/// The Clients API's: it stops when `next_cursor` is null. `path` has a query.
pub async fn client_walk(bearer: &Bearer, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let page = bearer
            .get(&format!("{path}{cursor}"))
            .await
            .must_be(200)
            .json();
        items.extend(page["data"].as_array().unwrap().iter().cloned());
        match &page["next_cursor"] {
            Value::Null => return items,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
    panic!("the walk of {path} does not end");
}
