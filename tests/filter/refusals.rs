//! What is refused, where, and in which words.

use rollcall::model::filter::{Filter, LENGTH_BYTES_MAX, NESTING_MAX};

use crate::{anna, check};

#[track_caller]
fn check_refusals(refusals: &[(&str, usize, &str)]) {
    for (input, position, sentence) in refusals {
        check(input, Err((*position, &format!("filter: {sentence}"))));
    }
}

fn operator(name: &str) -> String {
    format!("unknown operator {name:?} (only eq, ne, gt, lt) at character 12")
}

fn value(found: &str, character: usize) -> String {
    format!("a value in double quotes is expected instead of {found} at character {character}")
}

fn comparison(character: usize) -> String {
    format!("a comparison is expected instead of the end at character {character}")
}

fn joint(found: &str) -> String {
    format!(r#""and" or "or" is expected instead of {found} at character 19"#)
}

#[test]
fn what_is_not_a_time_is_refused_at_its_value() {
    for wrong in [
        "",
        "yesterday",
        "2023-05-14",
        "2023-05-14T09:30Z",
        "2023-05-14T09:30:00",
        "2023-05-14T09:30:00.Z",
        "2023-05-14T09:30:00.0000000001Z",
        "2023-05-14T09:30:00,5Z",
        "2023-05-14 09:30:00Z",
        "2023-05-14T09:30:00 02:00",
        "2023-05-14T09:30:00+0200",
        "2023-05-14T09:30:00+02",
        "2023-05-14T09:30:00+24:00",
        "2023-05-14T09:30:00+02:60",
        "2023-05-14T09:30:00Z ",
        " 2023-05-14T09:30:00Z",
        "2023-05-14T09:30:00Z[UTC]",
        "2023-05-14T09:30:00+02:00[Europe/Vienna]",
        "2023-02-29T09:30:00Z",
        "2023-13-01T09:30:00Z",
        "2023-05-14T24:00:00Z",
        "2023-05-14T09:60:00Z",
        "20230514T093000Z",
        "+002023-05-14T09:30:00Z",
        "2023-05-14T09:30:0é",
        "2023-05-14T09:30:00é",
        "1684056600",
    ] {
        let sentence = format!(
            "filter: {wrong:?} is not a time such as \"2023-05-14T09:30:00Z\" at character 20"
        );
        check(
            &format!(r#"last_updated_at gt "{wrong}""#),
            Err((19, &sentence)),
        );
    }
}

#[test]
fn what_is_not_a_comparison_is_refused_with_its_place() {
    check_refusals(&[
        // Nothing, or only white space.
        (
            "",
            0,
            "a comparison is expected instead of the end at character 1",
        ),
        (
            " \t\n ",
            4,
            "a comparison is expected instead of the end at character 5",
        ),
        // What other filter languages have.
        (
            r#"not (user.state eq "A")"#,
            0,
            r#"unknown attribute "not" at character 1"#,
        ),
        (r#"user.state not eq "A""#, 11, &operator("not")),
        (r#"user.state ge "A""#, 11, &operator("ge")),
        (r#"user.state co "A""#, 11, &operator("co")),
        (r#"user.state = "A""#, 11, &operator("=")),
        ("user.state pr", 11, &operator("pr")),
        // A comparison that lacks something.
        (
            "user.state",
            10,
            "an operator is expected instead of the end at character 11",
        ),
        (
            r#"user.state "A""#,
            11,
            "an operator is expected instead of a value at character 12",
        ),
        ("user.state eq", 13, &value("the end", 14)),
        ("user.state eq A", 14, &value(r#""A""#, 15)),
        ("user.state eq 'A'", 14, &value(r#""'A'""#, 15)),
        (r#"user.state eq ("A")"#, 14, &value(r#""(""#, 15)),
        (
            r#""A" eq user.state"#,
            0,
            "a comparison is expected instead of a value at character 1",
        ),
    ]);
}

#[test]
fn what_does_not_pair_or_join_is_refused_with_its_place() {
    check_refusals(&[
        // Parentheses that do not pair.
        (
            r#"(user.state eq "A""#,
            0,
            "unclosed parenthesis at character 1",
        ),
        (
            r#"((user.state eq "A")"#,
            0,
            "unclosed parenthesis at character 1",
        ),
        (
            r#"user.state eq "ü" or (user.state eq "B""#,
            22,
            "unclosed parenthesis at character 22",
        ),
        (
            r#"user.state eq "A")"#,
            17,
            "parenthesis closes nothing at character 18",
        ),
        (
            ")",
            0,
            r#"a comparison is expected instead of ")" at character 1"#,
        ),
        (
            "()",
            1,
            r#"a comparison is expected instead of ")" at character 2"#,
        ),
        // Comparisons that are not joined.
        (r#"user.state eq "A" and"#, 21, &comparison(22)),
        (r#"user.state eq "ü" or "#, 22, &comparison(22)),
        (
            r#"and user.state eq "A""#,
            0,
            r#"unknown attribute "and" at character 1"#,
        ),
        (
            r#"user.state eq "A" user.state eq "B""#,
            18,
            &joint(r#""user.state""#),
        ),
        (r#"user.state eq "A" "B""#, 18, &joint("a value")),
        (r#"user.state eq "A" ("#, 18, &joint(r#""(""#)),
    ]);
}

#[test]
fn an_unknown_attribute_is_refused_at_its_name() {
    for name in [
        "user.shoe_size",
        "user",
        "user.",
        "state",
        "user.employment_info",
        "user.employment_info.location",
        "user.custom_attributes",
        "user.custom_attributes.shoe_size",
        "system_identity",
        "user.ſtate",
    ] {
        let sentence = format!("unknown attribute {name:?} at character 2");
        check_refusals(&[(&format!(r#"({name} eq "A")"#), 1, &sentence)]);
    }
}

#[test]
fn quotes_escapes_and_control_characters_are_refused_where_they_stand() {
    let unclosed = "unclosed value at character 15";
    check_refusals(&[
        (r#"user.state eq "A"#, 14, unclosed),
        (r#"user.state eq "A”"#, 14, unclosed),
        ("user.state eq “A", 14, unclosed),
        (r#"user.state eq "A\"#, 14, unclosed),
        (r#"user.state eq "A\""#, 14, unclosed),
        (
            r#"user.state eq "A\n""#,
            16,
            r#"unknown escape \n (only \" and \\) at character 17"#,
        ),
        (
            r"user.state eq “A\”",
            18,
            r#"unknown escape \” (only \" and \\) at character 17"#,
        ),
        (
            "user.state eq \"A\0\"",
            16,
            r"unexpected character '\0' at character 17",
        ),
        (
            "user.state\0 eq \"A\"",
            10,
            r"unexpected character '\0' at character 11",
        ),
        (
            "user.state eq \"A\"\0",
            17,
            r"unexpected character '\0' at character 18",
        ),
        (
            "user.state\u{b}eq \"A\"",
            10,
            r"unexpected character '\u{b}' at character 11",
        ),
        (
            "user.state\u{a0}eq \"A\"",
            0,
            r#"unknown attribute "user.state\u{a0}eq" at character 1"#,
        ),
    ]);
}

#[test]
fn a_long_word_is_not_repeated_whole_in_the_sentence() {
    let error = Filter::parse(&"é".repeat(4000)).unwrap_err();
    assert_eq!(
        error.message,
        format!("unknown attribute \"{}…\"", "é".repeat(60))
    );
}

#[test]
fn eight_kibibytes_are_read_and_one_byte_more_is_not() {
    let (before, after) = ("user.state ne \"", "\"");
    let most = LENGTH_BYTES_MAX - before.len() - after.len();
    check(&format!("{before}{}{after}", "x".repeat(most)), Ok(true));
    let long = "filter: longer than 8192 bytes at character";
    check(
        &format!("{before}{}{after}", "x".repeat(most + 1)),
        Err((LENGTH_BYTES_MAX, &format!("{long} 8193"))),
    );
    // The limit falls inside a character: the place is where that one begins.
    check(
        &"€".repeat(3000),
        Err((LENGTH_BYTES_MAX - 2, &format!("{long} 2731"))),
    );
}

#[test]
fn parentheses_open_thirty_two_deep_and_not_one_more() {
    let nested = |depth: usize| {
        format!(
            "{}user.state eq \"ACTIVE\"{}",
            "(".repeat(depth),
            ")".repeat(depth)
        )
    };
    check(&nested(NESTING_MAX), Ok(true));
    let deep = "filter: parentheses deeper than 32 at character 33";
    check(&nested(NESTING_MAX + 1), Err((NESTING_MAX, deep)));
    // Found before anything is parsed: the unknown attribute stands further left.
    let unknown = format!("x eq \"y\" or {}", "(".repeat(NESTING_MAX + 1));
    check(
        &unknown,
        Err((44, "filter: parentheses deeper than 32 at character 45")),
    );
    // What counts is how many are open at once, and none inside a value.
    check(&vec![nested(NESTING_MAX); 20].join(" and "), Ok(true));
    check(
        &format!("user.state ne \"\\\"{}\"", "(".repeat(100)),
        Ok(true),
    );
    check(&format!("user.state ne “{}”", "(".repeat(100)), Ok(true));
}

/// Runs with so little stack that anything recursing along the text would overflow it.
fn with_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(work)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn hostile_texts_of_full_length_do_not_exhaust_the_stack() {
    with_a_small_stack(|| {
        let comparison = "user.state eq \"A\"";
        for piece in [
            "(",
            ")",
            "()",
            "\"",
            "\\",
            "“",
            "a and ",
            "and ",
            "(a or ",
            "user.state eq \"A\" and ",
            "user.state eq \"A\" or (",
            "(user.state eq \"A\") and ",
        ] {
            let text = piece.repeat(LENGTH_BYTES_MAX / piece.len());
            assert!(Filter::parse(&text).is_err(), "{piece}");
        }
        for joint in [" and ", " or ", " and(", ")or "] {
            let count = (LENGTH_BYTES_MAX - comparison.len()) / (comparison.len() + joint.len());
            let text = format!("{comparison}{joint}").repeat(count) + comparison;
            let Ok(filter) = Filter::parse(&text) else {
                assert!(joint.contains(['(', ')']), "{joint}");
                continue;
            };
            assert!(!filter.clone().matches(&anna()));
            assert_eq!(filter.to_string(), text);
        }
    });
}
