//! Hostile input on a small stack: whatever recursed over it would end the process.

use scim::filter::{Filter, LENGTH_BYTES_MAX};
use scim::message::{BulkRequest, SearchRequest};
use scim::patch::PatchRequest;
use scim::path::Path;
use scim::resource::{check, dismantle, normalise};
use scim::{Kind, Map};
use serde_json::{Value, json};

/// Less than any server gives a thread; serde_json alone could not read 100,000 levels in it.
const STACK_BYTES: usize = 128 * 1024;

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn deep_filters_are_refused() {
    on_a_small_stack(|| {
        for opening in [
            "(",
            "not (",
            "a[",
            "((",
            "not(not(",
            "a pr and (",
            "a[(",
            "[",
            "not ",
        ] {
            let text = opening.repeat(100_000);
            assert!(Filter::parse(&text, Kind::User).is_err());
            assert!(Path::parse(Kind::User, &text).is_err());
            let cut = &text[..LENGTH_BYTES_MAX];
            assert!(Filter::parse(cut, Kind::User).is_err());
            assert!(Path::parse(Kind::User, cut).is_err());
        }
        let nested = |depth: usize| format!("{}a pr{}", "not (".repeat(depth), ")".repeat(depth));
        assert!(Filter::parse(&nested(33), Kind::User).is_err());
        let deepest = Filter::parse(&nested(32), Kind::User).unwrap();
        assert!(!deepest.matches(&Map::new()));
        assert_eq!(deepest.to_string(), nested(32));
    });
}

#[test]
fn the_longest_filters_are_read_asked_printed_and_let_go() {
    on_a_small_stack(|| {
        for (term, join) in [
            ("a pr", " or "),
            ("a pr", " and "),
            ("a[b pr]", " or "),
            ("not(a pr)", " and "),
        ] {
            let count = (LENGTH_BYTES_MAX - term.len()) / (term.len() + join.len()) + 1;
            let text = vec![term; count].join(join);
            assert!(text.len() <= LENGTH_BYTES_MAX && text.len() > LENGTH_BYTES_MAX - 20);
            let filter = Filter::parse(&text, Kind::User).unwrap();
            filter.matches(&Map::new());
            assert!(filter.to_string().len() >= text.len());
            let copy = filter.clone();
            assert_eq!(copy, filter);
        }
        let inner = vec!["b pr"; 1_000].join(" or ");
        let filter = Filter::parse(&format!("a[{inner}]"), Kind::User).unwrap();
        assert!(!filter.matches(&Map::new()));
    });
}

/// A value that serde_json would never have read.
fn deep(levels: usize, is_list: bool) -> Value {
    let mut value = json!("bulkId:x");
    for _ in 0..levels {
        value = if is_list {
            Value::Array(vec![value])
        } else {
            Value::Object(Map::from_iter([("a".to_owned(), value)]))
        };
    }
    value
}

/// `json!` would copy, and so recurse.
fn object(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

#[test]
fn deep_json_is_refused_and_let_go() {
    on_a_small_stack(|| {
        for is_list in [true, false] {
            let body = || object("userName", deep(100_000, is_list));
            assert!(normalise(Kind::User, body()).is_err());
            assert!(SearchRequest::parse(object("filter", deep(100_000, is_list))).is_err());
            for name in ["Operations", "value"] {
                assert!(
                    PatchRequest::parse(Kind::User, object(name, deep(100_000, is_list))).is_err()
                );
                assert!(BulkRequest::parse(object(name, deep(100_000, is_list)), 10).is_err());
            }
            let body = body();
            assert!(check(&body).is_err());
            dismantle(body);
        }
    });
}

#[test]
fn json_as_deep_as_is_allowed_is_worked_on() {
    on_a_small_stack(|| {
        let value = deep(14, false);
        let sent = json!({ "userName": "a", "x": value });
        let mut resource = normalise(Kind::User, sent).unwrap().attributes;
        let patch =
            json!({ "Operations": [{ "op": "add", "path": "y", "value": deep(12, true) }] });
        let patch = PatchRequest::parse(Kind::User, patch).unwrap();
        assert!(patch.apply(&mut resource).unwrap().changed);
        assert!(normalise(Kind::User, json!({ "userName": "a", "x": deep(15, false) })).is_err());
        let bulk = json!({ "Operations": [{ "method": "POST", "path": "/Users", "bulkId": "x", "data": deep(12, false) }] });
        let bulk = BulkRequest::parse(bulk, 1).unwrap();
        assert_eq!(bulk.plan().len(), 1);
    });
}

#[test]
fn wide_json_is_refused() {
    let wide: Map = (0..1_001)
        .map(|number| (format!("a{number}"), json!(1)))
        .collect();
    assert_eq!(check(&Value::Object(wide)).unwrap_err().status, 400);
    let roles = json!({ "userName": "a", "roles": vec!["x"; 10_001] });
    assert_eq!(normalise(Kind::User, roles).unwrap_err().status, 400);
    assert_eq!(check(&json!(vec![0; 1_000_001])).unwrap_err().status, 413);
    assert_eq!(
        check(&json!("x".repeat(33 * 1024 * 1024)))
            .unwrap_err()
            .status,
        413
    );
}
