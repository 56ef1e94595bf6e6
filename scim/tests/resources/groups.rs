//! A PATCH of a group, with its members as a list and without it.

use std::time::{Duration, Instant};

use scim::patch::{MemberChange, PatchRequest};
use scim::{Kind, Map};
use serde_json::{Value, json};

use crate::object;

/// What a group's members become by the change, in the order of their ids.
fn changed(change: &MemberChange, before: &[&str]) -> Vec<String> {
    let kept = before.iter().map(|id| (*id).to_owned());
    let kept = kept.filter(|id| !change.clear && !change.remove.contains(id));
    let mut members: Vec<String> = kept.chain(change.add.iter().cloned()).collect();
    members.sort();
    members.dedup();
    members
}

fn ids(group: &Map) -> Vec<String> {
    let members = group.get("members").and_then(Value::as_array);
    let ids = members
        .into_iter()
        .flatten()
        .map(|member| member["value"].as_str().unwrap());
    let mut ids: Vec<String> = ids.map(str::to_owned).collect();
    ids.sort();
    ids
}

/// Both ways come to the same, for the members and for the rest.
#[track_caller]
fn check(operations: &Value, expect: &[&str]) {
    let before = ["u1", "u2", "u3"];
    let members: Vec<Value> = before.iter().map(|id| json!({ "value": id })).collect();
    let mut group = object(&json!({ "displayName": "g", "members": members }));
    let patch = PatchRequest::parse(Kind::Group, json!({ "Operations": operations })).unwrap();
    patch.apply(&mut group).unwrap();
    assert_eq!(ids(&group), expect);

    let in_two = patch.into_group_patch().unwrap();
    assert_eq!(changed(&in_two.members, &before), expect);
    assert!(in_two.members.add.is_disjoint(&in_two.members.remove));
    let mut rest = object(&json!({ "displayName": "g" }));
    in_two.rest.apply(&mut rest).unwrap();
    group.shift_remove("members");
    assert_eq!(rest, group);
}

#[test]
fn members_change_without_their_list_as_they_do_in_it() {
    check(
        &json!([{ "op": "add", "path": "members", "value": [{ "value": "u4" }] }]),
        &["u1", "u2", "u3", "u4"],
    );
    check(
        &json!([{ "op": "add", "path": "members", "value": "u4" }]),
        &["u1", "u2", "u3", "u4"],
    );
    check(
        &json!([{ "op": "remove", "path": "members", "value": [{ "value": "u1" }, { "value": "u9" }] }]),
        &["u2", "u3"],
    );
    check(
        &json!([{ "op": "remove", "path": "members[value eq \"u1\" or value eq \"u2\"]" }]),
        &["u3"],
    );
    check(&json!([{ "op": "remove", "path": "members" }]), &[]);
    check(
        &json!([{ "op": "remove", "path": "members", "value": [] }]),
        &["u1", "u2", "u3"],
    );
    check(
        &json!([{ "op": "replace", "path": "MEMBERS", "value": [{ "value": "u3" }, { "value": "u4" }] }]),
        &["u3", "u4"],
    );
    check(
        &json!([{ "op": "replace", "path": "members", "value": null }]),
        &[],
    );
    check(
        &json!([{ "op": "replace", "value": { "displayName": "h", "id": "x", "members": [{ "value": "u9" }] } }]),
        &["u9"],
    );
    check(
        &json!([
            { "op": "remove", "path": "members[value eq \"u1\"]" },
            { "op": "add", "path": "members", "value": [{ "value": "u1" }, { "value": "u4" }] },
            { "op": "remove", "path": "members[value eq \"u4\"]" },
            { "op": "add", "path": "externalId", "value": "e" },
            { "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:displayName", "value": "h" },
        ]),
        &["u1", "u2", "u3"],
    );
    check(
        &json!([
            { "op": "remove", "path": "members" },
            { "op": "add", "value": { "members": [{ "value": "u2" }] } },
            { "op": "remove", "path": "members", "value": [{ "value": "u2" }, { "value": "u3" }] },
            { "op": "add", "value": { "urn:acme:2.0:Group": { "colour": "red" } } },
        ]),
        &[],
    );
}

#[test]
fn members_that_cannot_be_told_are_refused() {
    let refused = |operation: Value| {
        let request = json!({ "Operations": [operation] });
        let patch = PatchRequest::parse(Kind::Group, request).unwrap();
        patch
            .into_group_patch()
            .unwrap_err()
            .scim_type
            .unwrap()
            .name()
    };
    assert_eq!(
        refused(json!({ "op": "remove", "path": "members[type eq \"User\"]" })),
        "invalidFilter"
    );
    assert_eq!(
        refused(json!({ "op": "remove", "path": "members[not (value eq \"u\")]" })),
        "invalidFilter"
    );
    assert_eq!(
        refused(json!({ "op": "add", "path": "members", "value": [{ "display": "x" }] })),
        "invalidValue"
    );
    assert_eq!(
        refused(json!({ "op": "replace", "path": "members.value", "value": "x" })),
        "mutability"
    );
}

/// A hundred thousand members against two thousand changes: compared each with each this would be
/// minutes, even optimised.
#[test]
#[allow(clippy::disallowed_methods)] // a test may look at the clock
fn a_large_group_changes_in_a_moment() {
    let member = |id: usize| json!({ "value": format!("member-{id}") });
    let members: Vec<Value> = (0..100_000).map(member).collect();
    let mut group = object(&json!({ "displayName": "g", "members": members }));
    let operations: Vec<Value> = vec![
        json!({ "op": "add", "path": "members", "value": (99_500..100_500).map(member).collect::<Vec<_>>() }),
        json!({ "op": "remove", "path": "members", "value": (0..1_000).map(member).collect::<Vec<_>>() }),
    ];
    let patch = PatchRequest::parse(Kind::Group, json!({ "Operations": operations })).unwrap();
    let start = Instant::now();
    patch.apply(&mut group).unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(ids(&group).len(), 99_500);
}
