//! What is not a filter, and where the fault is.

use scim::Kind;
use scim::filter::{Filter, LENGTH_BYTES_MAX, NESTING_MAX};

#[track_caller]
fn check(text: &str, expect: &str) {
    let error = Filter::parse(text, Kind::User).unwrap_err();
    assert_eq!(error.to_string(), format!("filter: {expect}"), "{text}");
}

#[test]
fn a_fault_is_named_with_its_place() {
    check("", "a comparison is expected instead of the end at byte 0");
    check(
        "userName",
        "an operator is expected instead of the end at byte 8",
    );
    check(
        "userName eq",
        "a value (a text stands in double quotes) is expected instead of the end at byte 11",
    );
    check(
        "userName eq bob",
        "a value (a text stands in double quotes) is expected instead of \"bob\" at byte 12",
    );
    check(
        "userName is \"b\"",
        "unknown operator \"is\" (only pr, eq, ne, co, sw, ew, gt, ge, lt, le) at byte 9",
    );
    check("userName eq \"b", "unclosed value at byte 12");
    check(
        "userName eq \"\\q\"",
        "the value is not a JSON string at byte 12",
    );
    check(
        "title pr title pr",
        "\"and\" or \"or\" is expected instead of \"title\" at byte 9",
    );
    check(
        "title pr and",
        "a comparison is expected instead of the end at byte 12",
    );
    check("(title pr", "unclosed parenthesis at byte 0");
    check("title pr)", "parenthesis closes nothing at byte 8");
    check(
        "title pr]",
        "\"and\" or \"or\" is expected instead of \"]\" at byte 8",
    );
    check(
        "not title pr",
        "\"(\" after \"not\" is expected instead of \"title\" at byte 4",
    );
    check(
        "emails[type pr",
        "\"and\" or \"or\" is expected instead of the end at byte 14",
    );
    check("emails[(type pr]", "unclosed parenthesis at byte 7");
    check(
        "emails[type[value pr]]",
        "an operator is expected instead of \"[\" at byte 11",
    );
    check(
        "emails[type pr].value",
        "an operator is expected instead of the end at byte 21",
    );
    check(
        "emails[type pr].a.b pr",
        "one sub-attribute is the most at byte 17",
    );
    check(
        "title pr and a.b.c pr",
        "one sub-attribute is the most at byte 16",
    );
    check(
        "title pr and \u{fc}ber pr",
        "that is no attribute's name: \"\u{fc}ber\" at byte 13",
    );
}

#[test]
fn what_cannot_be_compared_is_refused() {
    check(
        "active gt true",
        "gt has no meaning for this attribute at byte 10",
    );
    check(
        "x509Certificates.value le \"x\"",
        "le has no meaning for this attribute at byte 26",
    );
    check(
        "meta.created gt \"yesterday\"",
        "\"yesterday\" is not a time such as \"2011-05-13T04:42:34Z\" at byte 16",
    );
}

#[test]
fn limits_hold_before_anything_is_read() {
    let long = format!("title eq \"{}\"", "x".repeat(LENGTH_BYTES_MAX - 11));
    assert_eq!(long.len(), LENGTH_BYTES_MAX);
    assert!(Filter::parse(&long, Kind::User).is_ok());
    check(&format!("{long} "), "longer than 8192 bytes at byte 8192");
    let nested = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(NESTING_MAX), Kind::User).is_ok());
    check(
        &nested(NESTING_MAX + 1),
        "parentheses deeper than 32 at byte 32",
    );
    check(&"(".repeat(100_000), "longer than 8192 bytes at byte 8192");
    check(
        &"not (".repeat(1_000),
        "parentheses deeper than 32 at byte 164",
    );
}

#[test]
fn quotations_are_short() {
    let error = Filter::parse(&"x".repeat(5_000), Kind::User).unwrap_err();
    assert!(error.message.len() < 200);
    let error = Filter::parse(&format!("a {}", "\u{e4}".repeat(3_000)), Kind::User).unwrap_err();
    assert!(error.message.len() < 300, "{}", error.message);
}
