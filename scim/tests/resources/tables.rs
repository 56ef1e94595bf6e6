//! The tables under `tests/data`: each case is a question and its answer.

use scim::patch::PatchRequest;
use scim::resource::normalise;
use scim::{Quirk, ScimError};
use serde_json::{Value, json};

use crate::{kind, object};

fn cases(table: &str) -> Vec<Value> {
    serde_json::from_str(table).unwrap()
}

fn check_quirks(case: &Value, quirks: &[Quirk]) {
    if let Some(expected) = case.get("quirks") {
        let names: Vec<&str> = quirks.iter().map(|quirk| quirk.name()).collect();
        assert_eq!(&json!(names), expected, "{}", case["case"]);
    }
}

fn check_error(case: &Value, error: &ScimError) {
    let name = error.scim_type.map(scim::ScimType::name);
    assert_eq!(json!(name), case["error"], "{}: {error}", case["case"]);
    if let Some(detail) = case.get("detail") {
        assert_eq!(&json!(error.detail), detail, "{}", case["case"]);
    }
}

fn check_patches(table: &str) {
    for case in cases(table) {
        let before = object(&case["before"]);
        let mut resource = before.clone();
        let request = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": case["operations"],
        });
        let applied = PatchRequest::parse(kind(&case["kind"]), request)
            .and_then(|patch| patch.apply(&mut resource));
        match applied {
            Ok(applied) => {
                assert_eq!(
                    Value::Object(resource.clone()),
                    case["after"],
                    "{}",
                    case["case"]
                );
                let changed = case.get("changed").is_none_or(|changed| changed == true);
                assert_eq!(applied.changed, changed, "{}", case["case"]);
                assert_eq!(applied.changed, resource != before, "{}", case["case"]);
                check_quirks(&case, &applied.quirks);
            }
            Err(error) => {
                check_error(&case, &error);
                assert_eq!(
                    resource, before,
                    "{}: an error changes nothing",
                    case["case"]
                );
            }
        }
    }
}

#[test]
fn the_rfcs_patches_do_what_it_says() {
    check_patches(include_str!("../data/rfc7644-patch.json"));
}

#[test]
fn oktas_patches_are_understood() {
    check_patches(include_str!("../data/okta-patch.json"));
}

#[test]
fn entras_patches_are_understood() {
    check_patches(include_str!("../data/entra-patch.json"));
}

#[test]
fn bodies_are_put_in_order() {
    for case in cases(include_str!("../data/normalise.json")) {
        match normalise(kind(&case["kind"]), case["sent"].clone()) {
            Ok(normalised) => {
                let attributes = Value::Object(normalised.attributes.clone());
                assert_eq!(attributes, case["expect"], "{}", case["case"]);
                check_quirks(&case, &normalised.quirks);
                let again = normalise(kind(&case["kind"]), attributes).unwrap();
                assert_eq!(
                    again.attributes, normalised.attributes,
                    "{} again",
                    case["case"]
                );
                assert_eq!(again.quirks, [], "{} again", case["case"]);
            }
            Err(error) => check_error(&case, &error),
        }
    }
}
