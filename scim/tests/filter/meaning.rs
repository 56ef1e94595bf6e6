//! Which filters let which resources through.

use scim::filter::{Filter, IndexAttribute};
use scim::{Kind, Map};
use serde_json::{Value, json};

fn object(value: Value) -> Map {
    let Value::Object(map) = value else {
        panic!("an object")
    };
    map
}

fn barbara() -> Map {
    object(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "2819c223",
        "externalId": "E-7",
        "userName": "bjensen@Example.com",
        "name": { "familyName": "O'Malley", "givenName": "Barbara" },
        "title": "Vice President",
        "nickName": "",
        "active": true,
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "roles": [{ "value": "admin", "primary": true }],
        "meta": { "lastModified": "2011-05-13T04:42:34Z" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            { "department": "Tour", "manager": { "value": "26118915" } },
        "urn:acme:2.0:User": { "floor": 7, "height": 1.5, "tags": ["a", "B"] },
    }))
}

fn group() -> Map {
    object(json!({
        "id": "g1",
        "displayName": "Tour Guides",
        "members": [{ "value": "u1" }, { "value": "U2", "type": "User" }],
    }))
}

#[track_caller]
fn check(kind: Kind, resource: &Map, filter: &str, expect: bool) {
    let parsed = Filter::parse(filter, kind).unwrap();
    assert_eq!(parsed.matches(resource), expect, "{filter}");
    let printed = parsed.to_string();
    assert_eq!(
        Filter::parse(&printed, kind).unwrap(),
        parsed,
        "{filter} as {printed}"
    );
}

#[track_caller]
fn passes(filter: &str) {
    check(Kind::User, &barbara(), filter, true);
}

#[track_caller]
fn fails(filter: &str) {
    check(Kind::User, &barbara(), filter, false);
}

#[test]
fn each_operator_compares() {
    passes(r#"userName eq "BJENSEN@example.com""#);
    passes(r#"userName ne "x""#);
    passes(r#"name.familyName co "O'Malley""#);
    passes(r#"userName sw "bj""#);
    passes(r#"userName ew ".COM""#);
    fails(r#"userName sw "j""#);
    passes("title pr");
    fails("nickName pr");
    fails("displayName pr");
    passes(r#"userName gt "a""#);
    passes(r#"userName ge "bjensen@example.com""#);
    fails(r#"userName lt "bjensen@example.com""#);
    passes(r#"userName le "bjensen@example.com""#);
}

#[test]
fn case_follows_the_schema() {
    passes(r#"externalId eq "E-7""#);
    fails(r#"externalId eq "e-7""#);
    fails(r#"id eq "2819C223""#);
    passes(r#"emails.type eq "WORK""#);
    passes(r#"USERNAME EQ "bjensen@example.com" AND Title Pr"#);
    passes(r#"schemas eq "URN:ietf:params:scim:schemas:core:2.0:user""#);
}

#[test]
fn joins_bind_as_the_rfc_says() {
    passes(r#"title pr or title pr and displayName pr"#);
    fails(r#"(title pr or title pr) and displayName pr"#);
    fails(r#"not (title pr) or displayName pr"#);
    passes(r#"not (title pr and displayName pr)"#);
    passes(r#"not(not(title pr))"#);
    passes(r#"displayName pr and (displayName pr or title pr) or active eq true"#);
    passes(r#"title pr and (not (displayName pr) and (title pr or displayName pr))"#);
}

#[test]
fn tests_in_brackets_are_of_one_and_the_same_value() {
    passes(r#"emails[type eq "work" and value co "@example.com"]"#);
    fails(r#"emails[type eq "home" and value co "@example.com"]"#);
    passes(r#"emails.type eq "home" and emails.value co "@example.com""#);
    passes(r#"emails[not (type eq "work")]"#);
    passes(r#"emails[type eq "work"] and emails[type eq "home"]"#);
}

#[test]
fn a_test_may_stand_behind_brackets() {
    passes(r#"emails[type eq "work"].value eq "bjensen@example.com""#);
    fails(r#"emails[type eq "work"].value eq "babs@jensen.org""#);
    passes(r#"emails[type eq "home"].value pr and title pr"#);
    fails(r#"not (emails[type eq "home"].value pr)"#);
}

#[test]
fn complex_attributes_are_compared_by_their_value() {
    passes(r#"emails co "jensen.org""#);
    passes(r#"emails eq "babs@jensen.org""#);
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    passes(&format!(r#"{enterprise}:manager eq "26118915""#));
    passes(&format!(
        r#"{}:Department eq "tour""#,
        enterprise.to_uppercase()
    ));
    passes(&format!("{enterprise} pr"));
    check(
        Kind::Group,
        &group(),
        r#"id eq "g1" and members eq "u1""#,
        true,
    );
    check(
        Kind::Group,
        &group(),
        r#"id eq "g1" and members eq "u2""#,
        false,
    );
    check(Kind::Group, &group(), r#"members[value eq "U2"]"#, true);
    check(Kind::Group, &group(), r#"members.value eq "u3""#, false);
}

#[test]
fn booleans_may_be_text() {
    passes("active eq true");
    passes(r#"active eq "True""#);
    fails(r#"active eq "false""#);
    passes(r#"active ne False"#);
    passes(r#"roles[primary eq "True"].value eq "admin""#);
    fails(r#"active eq "maybe""#);
}

#[test]
fn times_are_compared_as_moments() {
    passes(r#"meta.lastModified eq "2011-05-13T06:42:34.000+02:00""#);
    passes(r#"meta.lastModified gt "2011-05-13T04:42:33Z""#);
    fails(r#"meta.lastModified gt "2011-05-13T04:42:34Z""#);
    passes(r#"meta.lastModified sw "2011-05""#);
}

#[test]
fn numbers_and_unknown_extensions_are_compared_too() {
    passes("urn:acme:2.0:User:floor eq 7");
    passes("urn:acme:2.0:USER:FLOOR ge 6.5");
    passes("urn:acme:2.0:User:height lt 2");
    fails(r#"urn:acme:2.0:User:floor eq "7""#);
    passes(r#"urn:acme:2.0:User:tags eq "b""#);
    passes(r#"urn:acme:2.0:User:tags[value eq "b"]"#);
}

/// No value is not equal to any value: only `ne` holds for it, and `eq null`.
#[test]
fn what_is_absent_or_unknown_has_no_value() {
    for name in [
        "displayName",
        "nothing",
        "nothing.at",
        "urn:none:2.0:User:x",
        "emails.display",
    ] {
        for operator in ["eq", "co", "sw", "ew", "gt", "ge", "lt", "le"] {
            fails(&format!(r#"{name} {operator} "x""#));
            passes(&format!(r#"not ({name} {operator} "x")"#));
        }
        passes(&format!(r#"{name} ne "x""#));
        passes(&format!("{name} eq null"));
        fails(&format!("{name} ne null"));
        fails(&format!("{name} pr"));
    }
    passes("title ne null");
    fails("title eq null");
}

/// `ne` of a list holds if one of its values is another one.
#[test]
fn a_list_is_unequal_if_one_value_is() {
    passes(r#"emails.type ne "work""#);
    fails(r#"roles.value ne "admin""#);
    passes(r#"not (emails.type eq "x")"#);
}

#[test]
fn an_index_can_answer_what_every_match_fulfils() {
    let term = |kind, text: &str| {
        let filter = Filter::parse(text, kind).unwrap();
        filter
            .index_term()
            .map(|term| (term.attribute, term.text.to_owned()))
    };
    let user = |text: &str| term(Kind::User, text);
    let some = |attribute, text: &str| Some((attribute, text.to_owned()));
    assert_eq!(
        user(r#"userName eq "Bob""#),
        some(IndexAttribute::UserName, "Bob")
    );
    assert_eq!(
        user(r#"active eq true and externalId eq "7""#),
        some(IndexAttribute::ExternalId, "7")
    );
    assert_eq!(
        user(r#"(title pr and (userName eq "b")) and id eq "i""#),
        some(IndexAttribute::Id, "i")
    );
    assert_eq!(
        user(r#"emails[type eq "work"].value eq "b@x""#),
        some(IndexAttribute::EmailValue, "b@x")
    );
    assert_eq!(
        user(r#"emails[type eq "work" and value eq "b@x"]"#),
        some(IndexAttribute::EmailValue, "b@x")
    );
    assert_eq!(
        term(Kind::Group, r#"id eq "g" and members eq "u""#),
        some(IndexAttribute::Id, "g")
    );
    assert_eq!(
        term(Kind::Group, r#"members[value eq "u"]"#),
        some(IndexAttribute::MemberValue, "u")
    );
    for text in [
        r#"userName eq "a" or id eq "b""#,
        r#"not (userName eq "a")"#,
        r#"title eq "a""#,
        r#"userName sw "a""#,
        r#"emails[type eq "work" or value eq "b@x"]"#,
        r#"emails[not (value eq "b@x")]"#,
        r#"emails[type eq "work"].display eq "x""#,
        r#"urn:acme:2.0:User:userName eq "a""#,
        r#"userName[value eq "a"].other eq "b""#,
        "id eq 5",
    ] {
        assert_eq!(user(text), None, "{text}");
    }
}
