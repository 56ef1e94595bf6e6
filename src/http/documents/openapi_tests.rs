use std::collections::BTreeSet;

use super::*;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                found.insert(reference.clone());
            }
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn check_examples(place: &str, schema: &Value, examples: &[&Value]) {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": { "schemas": document()["components"]["schemas"] },
    });
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).unwrap();
    for example in examples {
        let errors: Vec<String> = validator
            .iter_errors(example)
            .map(|error| error.to_string())
            .collect();
        assert!(
            errors.is_empty(),
            "{place}: {example}\n{}",
            errors.join("\n")
        );
    }
}

#[test]
fn every_route_has_an_entry_and_every_entry_a_route() {
    let table = routes::table();
    let names: BTreeSet<&str> = table.iter().map(|route| route.name).collect();
    let known: BTreeSet<&str> = entries().keys().map(String::as_str).collect();
    assert_eq!(names, known);
    assert_eq!(names.len(), table.len(), "two routes have one name");
    let documented = operations().map(|(method, path, operation)| {
        (
            method,
            path.to_owned(),
            operation["operationId"].as_str().unwrap().to_owned(),
        )
    });
    let listed = table.iter().map(|route| {
        (
            route.method.to_string(),
            route.path.to_owned(),
            route.name.to_owned(),
        )
    });
    assert_eq!(
        documented.collect::<BTreeSet<_>>(),
        listed.collect::<BTreeSet<_>>()
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let mut found = BTreeSet::new();
    references(document(), &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document().pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    for kind in ["parameters", "headers", "responses", "schemas"] {
        for name in document()["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(found.contains(&reference), "{reference} is used nowhere");
        }
    }
}

#[test]
fn every_tag_of_an_operation_is_described() {
    for (_, path, operation) in operations() {
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(known, _)| *known == tag), "{path}: {tag}");
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        let examples: Vec<&Value> = schema["examples"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        assert!(
            !examples.is_empty() || schema.get("anyOf").is_some(),
            "{name} has no example"
        );
        check_examples(name, schema, &examples);
    }
    let responses = document()["components"]["responses"].as_object().unwrap();
    for (name, response) in responses {
        let content = response["content"].as_object().unwrap();
        let (_, media) = content.iter().next().unwrap();
        check_examples(name, &media["schema"], &[&media["example"]]);
    }
    for (name, parameter) in document()["components"]["parameters"].as_object().unwrap() {
        let examples: Vec<&Value> = parameter.get("example").into_iter().collect();
        check_examples(name, &parameter["schema"], &examples);
    }
}

#[test]
fn a_body_is_an_object_that_takes_nothing_unknown() {
    // A form may have more (RFC 6749 3.2), and so may what identity providers send.
    let takes_more = [
        "TokenRequest",
        "ScimUserSent",
        "ScimGroupSent",
        "ScimPatch",
        "ScimSearch",
        "ScimBulkRequest",
    ];
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        if schema.get("properties").is_some() && !takes_more.contains(&name.as_str()) {
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
    }
}

#[test]
fn a_schema_for_tests_is_complete_in_itself() {
    let schema = schema_of("getUser", 200).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut user = document()["components"]["schemas"]["User"]["examples"][0].clone();
    assert!(validator.is_valid(&user));
    user["email"] = "mike@example.com".into();
    assert!(!validator.is_valid(&user));

    let schema = schema_of("getUser", 404).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let error = |code: &str| json!({ "error": { "code": code, "message": "", "details": { "request_id": "" } } });
    assert!(validator.is_valid(&error("not_found")));
    assert!(!validator.is_valid(&error("forbidden")));

    assert!(is_documented("deleteUser", 204) && schema_of("deleteUser", 204).is_none());
    assert!(is_documented("getUser", 304) && !is_documented("listUsers", 304));
    assert!(!is_documented("getUser", 418) && !is_documented("nothing", 200));
}
