//! What holds for every filter and every patch that can be made up.

use proptest::prelude::*;
use scim::filter::{Condition, Filter, Join};
use scim::patch::{MemberChange, PatchRequest};
use scim::resource::normalise;
use scim::sort::{Sort, SortKey};
use scim::{Kind, Map};
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn conditions() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "title pr",
        "nickName pr",
        "active eq true",
        "emails.type eq \"work\"",
        "emails[type eq \"work\" and value co \"b\"]",
        "emails[not (type eq \"work\") or primary eq true]",
        "emails[type eq \"work\"].value eq \"a@x\"",
        "userName ne \"b\"",
        "nothing ne \"b\"",
    ])
    .prop_map(str::to_owned)
}

fn filters() -> impl Strategy<Value = String> {
    conditions().prop_recursive(6, 30, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} and {right}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} or {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

fn emails() -> impl Strategy<Value = Value> {
    let kinds = prop::sample::select(vec![
        json!("work"),
        json!("home"),
        json!("WORK"),
        json!(null),
    ]);
    let values = prop::sample::select(vec![
        json!("a@x"),
        json!("b@x"),
        json!("A@X"),
        json!(null),
        json!(""),
    ]);
    let primaries =
        prop::sample::select(vec![json!(true), json!("True"), json!(false), json!(null)]);
    let email = (kinds, values, primaries).prop_map(
        |(kind, value, primary)| json!({ "type": kind, "value": value, "primary": primary }),
    );
    prop::collection::vec(email, 0..4).prop_map(Value::Array)
}

fn texts() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("a"),
        json!("B"),
        json!(""),
        json!(null),
        json!(["a"]),
        json!([]),
        json!({ "value": "m" }),
        json!({ "givenName": "G", "familyName": null }),
        json!(true),
        json!("True"),
        json!(7),
        json!({ "x": { "y": [null, { "z": null }] } }),
    ])
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![texts(), emails()]
}

fn paths() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "userName",
            "displayName",
            "name",
            "name.givenName",
            "active",
            "emails",
            "emails.value",
            "emails.primary",
            "emails[type eq \"work\"]",
            "emails[type eq \"work\"].value",
            "emails[type eq \"other\" and primary eq true].value",
            "emails[value co \"x\"].primary",
            "roles[primary eq \"True\"].value",
            "id",
            "shoeSize",
            "shoeSize.left",
            "shoeSize[a eq 1].b",
            "urn:acme:2.0:User",
            "urn:acme:2.0:User:floor",
            "urn:acme:2.0:User:floor.x",
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:core:2.0:User:title",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "",
            ":department",
            ":manager",
            ":manager.value",
            ":manager.displayName"
        ])
        .prop_map(|rest| format!("{ENTERPRISE}{rest}")),
    ]
}

fn operations() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "Replace", "remove"]);
    let keys = prop::collection::vec((paths(), values()), 0..4);
    let keyed = keys
        .prop_map(|keys| Value::Object(keys.into_iter().collect()))
        .boxed();
    let with_path = (op.clone(), paths(), prop_oneof![values(), keyed.clone()])
        .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }));
    let without = (op, keyed).prop_map(|(op, value)| json!({ "op": op, "value": value }));
    let operation = prop_oneof![4 => with_path, 1 => without];
    prop::collection::vec(operation, 1..5)
        .prop_map(|operations| json!({ "Operations": operations }))
}

fn people() -> impl Strategy<Value = Map> {
    (emails(), prop::collection::vec((paths(), values()), 0..5)).prop_filter_map(
        "in order",
        |(emails, keys)| {
            let mut sent = Map::from_iter([("emails".to_owned(), emails)]);
            sent.extend(keys);
            sent.insert("userName".to_owned(), json!("a"));
            normalise(Kind::User, Value::Object(sent))
                .ok()
                .map(|normalised| normalised.attributes)
        },
    )
}

fn members() -> impl Strategy<Value = Value> {
    let ids = prop::collection::vec(prop::sample::select(vec!["u1", "u2", "u3", "u4"]), 0..4);
    let list = ids.prop_map(|ids| {
        ids.iter()
            .map(|id| json!({ "value": id }))
            .collect::<Vec<_>>()
    });
    let path = prop::sample::select(vec![
        "members",
        "members[value eq \"u2\"]",
        "MEMBERS[value eq \"u1\" or value eq \"u9\"]",
    ]);
    let op = prop::sample::select(vec!["add", "replace", "remove"]);
    (op, path, list, any::<bool>()).prop_map(|(op, path, list, is_null)| match (op, path) {
        ("remove", path) if is_null => json!({ "op": op, "path": path }),
        ("remove", path) => json!({ "op": op, "path": path, "value": list }),
        (op, _) if is_null => json!({ "op": op, "value": { "members": list } }),
        (op, _) => json!({ "op": op, "path": "members", "value": list }),
    })
}

fn changed(change: &MemberChange, before: &[&str]) -> Vec<String> {
    let kept = before
        .iter()
        .filter(|id| !change.clear && !change.remove.contains(**id));
    let mut ids: Vec<String> = kept
        .map(|id| (*id).to_owned())
        .chain(change.add.iter().cloned())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

proptest! {
    #![proptest_config(crate::cases(2_000))]

    /// The jumps come to what the tree says, every operand asked by itself.
    #[test]
    fn a_filter_means_what_its_tree_means(text in filters(), person in people()) {
        let filter = Filter::parse(&text, Kind::User).unwrap();
        let expect = filter.expression().fold(
            |condition: &Condition| {
                Filter::parse(&condition.to_string(), Kind::User).unwrap().matches(&person)
            },
            |join, left, right| match join {
                Join::And => left && right,
                Join::Or => left || right,
            },
            |inner| !inner,
        );
        prop_assert_eq!(filter.matches(&person), expect);
        prop_assert_eq!(Filter::parse(&filter.to_string(), Kind::User).unwrap(), filter);
    }

    /// An error changes nothing; without one the resource is in order, and says so itself.
    #[test]
    fn a_patch_is_made_wholly_or_not_at_all(before in people(), sent in operations()) {
        if let Ok(patch) = PatchRequest::parse(Kind::User, sent) {
            let mut after = before.clone();
            match patch.apply(&mut after) {
                Ok(applied) => {
                    prop_assert_eq!(applied.changed, after != before);
                    let again = normalise(Kind::User, Value::Object(after.clone())).unwrap();
                    prop_assert_eq!(again.attributes, after);
                }
                Err(_) => prop_assert_eq!(after, before),
            }
        }
    }

    /// Members change by themselves as they do in their list.
    #[test]
    fn members_change_alike_both_ways(operations in prop::collection::vec(members(), 1..6)) {
        let before = ["u1", "u2", "u3"];
        let list: Vec<Value> = before.iter().map(|id| json!({ "value": id })).collect();
        let mut group = json!({ "displayName": "g", "members": list }).as_object().unwrap().clone();
        let patch = PatchRequest::parse(Kind::Group, json!({ "Operations": operations })).unwrap();
        patch.apply(&mut group).unwrap();
        let list = group.get("members").and_then(Value::as_array);
        let mut ids: Vec<String> = list
            .into_iter()
            .flatten()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids.dedup();
        let change = patch.into_group_patch().unwrap().members;
        prop_assert_eq!(changed(&change, &before), ids);
        prop_assert!(change.add.is_disjoint(&change.remove));
        prop_assert!(!change.clear || change.remove.is_empty());
    }

    /// An order is one: sorted, each is before the next.
    #[test]
    fn sorting_sorts(mut everybody in prop::collection::vec(people(), 0..8), path in paths()) {
        if let Ok(sort) = Sort::parse(Kind::User, &path, Some("descending")) {
            everybody.sort_by(|left, right| sort.compare(&sort.key(left), &sort.key(right)));
            for pair in everybody.windows(2) {
                prop_assert!(sort.compare(&sort.key(&pair[0]), &sort.key(&pair[1])).is_le());
                let key = sort.key(&pair[0]);
                prop_assert_eq!(SortKey::parse(&key.to_string()), Some(key));
            }
        }
    }
}
