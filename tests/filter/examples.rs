//! What is accepted, what it means and how it prints.

use rollcall::model::filter::{Attribute, Filter, LENGTH_BYTES_MAX, NESTING_MAX};

use crate::{Person, all_attributes, check};

#[track_caller]
fn check_print(input: &str, expected: &str) {
    assert_eq!(Filter::parse(input).unwrap().to_string(), expected);
}

#[test]
fn the_contracts_examples_work() {
    check(r#"user.state eq "ACTIVE""#, Ok(true));
    check("user.state eq “INACTIVE”", Ok(false));
    check("user.state ne “INACTIVE”", Ok(true));
    check(r#"user.employment_info.department eq "Sales""#, Ok(true));
    check(r#"system_identity.id eq "e-7""#, Ok(true));
    check(r#"last_updated_at gt "2023-05-14T09:29:59Z""#, Ok(true));
    check(r#"last_updated_at gt "2023-05-14T09:30:00Z""#, Ok(false));
    check(r#"last_modified_at gt "2023-05-14T09:29:59Z""#, Ok(true));
    check(
        "last_modified_at lt “2023-05-14T09:30:00Z” or user.state eq “ACTIVE”",
        Ok(true),
    );
}

#[test]
fn names_and_operators_ignore_case_and_values_do_not() {
    check(
        r#"USER.State EQ "ACTIVE" AND User.First_Name Eq "Anna""#,
        Ok(true),
    );
    check(r#"user.state eq "active""#, Ok(false));
    check(
        r#"user.state eq "INACTIVE" oR LAST_MODIFIED_AT Lt "2024-01-01T00:00:00Z""#,
        Ok(true),
    );
    check(r#"user.state eq "ACTIVE ""#, Ok(false));
}

#[test]
fn and_binds_tighter_than_or() {
    let (yes, no) = (r#"user.state eq "ACTIVE""#, r#"user.state eq "INACTIVE""#);
    check(&format!("{yes} or {no} and {no}"), Ok(true));
    check(&format!("({yes} or {no}) and {no}"), Ok(false));
    check(&format!("{no} and {no} or {yes}"), Ok(true));
    check(&format!("{no} and ({no} or {yes})"), Ok(false));
    check(
        &format!("{yes} and ({no} or ({yes} or {no}) and {yes}) and {yes}"),
        Ok(true),
    );
    check(
        &format!("{yes} and ({no} or ({yes} or {no}) and {no}) and {yes}"),
        Ok(false),
    );
}

#[test]
fn white_space_is_needed_only_between_words() {
    check(
        "\t(\nuser.state\r\neq\"ACTIVE\")and(user.first_name eq“Anna”)  ",
        Ok(true),
    );
    check(
        "user.state eq \"ACTIVE\"and user.state ne\"INACTIVE\"",
        Ok(true),
    );
}

#[test]
fn quotes_and_escapes_are_read_as_documented() {
    check(
        r#"user.employment_info.role eq "Head of \"Far\\Near\"""#,
        Ok(true),
    );
    check(
        r#"user.employment_info.role eq “Head of \"Far\\Near\"”"#,
        Ok(true),
    );
    check(
        r#"user.employment_info.employment_location.office eq "“Turm”""#,
        Ok(true),
    );
    check(
        "user.first_name eq ”Anna“ and user.first_name eq “Anna“",
        Ok(true),
    );
    check(
        "user.first_name eq “Anna\" and user.first_name eq ”Anna”",
        Ok(true),
    );
    check(
        "user.employment_info.employment_location.location eq “Zürich”",
        Ok(true),
    );
    check("user.first_name eq \"\"", Ok(false));
    check("user.first_name eq \"line\nend\"", Ok(false));
}

#[test]
fn text_compares_by_code_point() {
    check(
        r#"user.first_name gt "Ann" and user.first_name lt "Annb""#,
        Ok(true),
    );
    check(
        r#"user.first_name gt "Anna" or user.first_name lt "Anna""#,
        Ok(false),
    );
    check(
        r#"user.first_name lt "anna" and user.first_name gt "ANNA""#,
        Ok(true),
    );
    check(
        r#"user.employment_info.employment_location.location gt "Zzz""#,
        Ok(true),
    );
    check(r#"user.work_status gt "CONTINGENT""#, Ok(true));
}

#[test]
fn only_ne_holds_for_an_absent_attribute() {
    for operator in ["eq", "gt", "lt"] {
        check(
            &format!(r#"system_identity.username {operator} """#),
            Ok(false),
        );
        check(
            &format!(r#"system_identity.username {operator} "a""#),
            Ok(false),
        );
    }
    check(r#"system_identity.username ne "a""#, Ok(true));
    check(r#"system_identity.username ne """#, Ok(true));
    let nobody = Person::default();
    for (operator, expected) in [("eq", false), ("gt", false), ("lt", false), ("ne", true)] {
        let text = format!(r#"last_updated_at {operator} "2023-05-14T09:30:00Z""#);
        assert_eq!(
            Filter::parse(&text).unwrap().matches(&nobody),
            expected,
            "{text}"
        );
    }
}

#[test]
fn times_compare_as_times() {
    for same in [
        "2023-05-14T09:30:00Z",
        "2023-05-14t09:30:00z",
        "2023-05-14T09:30:00.000Z",
        "2023-05-14T11:30:00+02:00",
        "2023-05-14T04:00:00-05:30",
        "2023-05-14T09:30:00-00:00",
        "2023-05-15T09:29:00+23:59",
    ] {
        check(&format!(r#"last_updated_at eq "{same}""#), Ok(true));
        check(&format!(r#"last_updated_at ne "{same}""#), Ok(false));
        check(
            &format!(r#"last_updated_at gt "{same}" or last_updated_at lt "{same}""#),
            Ok(false),
        );
    }
    // As text these would compare the other way round.
    check(
        r#"last_updated_at lt "2023-05-14T05:00:00-05:00""#,
        Ok(true),
    );
    // Less than a millisecond is not lost.
    check(
        r#"last_updated_at lt "2023-05-14T09:30:00.000000001Z""#,
        Ok(true),
    );
    check(
        r#"last_updated_at eq "2023-05-14T09:30:00.0001Z""#,
        Ok(false),
    );
    check(
        r#"last_updated_at gt "2023-05-14T09:29:59.999999999Z""#,
        Ok(true),
    );
    // "Never" and "always", as people write them.
    check(r#"last_updated_at lt "9999-12-31T23:59:59Z""#, Ok(true));
    check(r#"last_updated_at gt "0001-01-01T00:00:00Z""#, Ok(true));
    check(
        r#"last_updated_at gt "0000-01-01T00:00:00+23:59""#,
        Ok(true),
    );
    check(
        r#"last_updated_at lt "9999-12-31T23:59:59.999999999-23:59""#,
        Ok(true),
    );
    let started = "user.employment_info.employee_start_date_ts";
    check(&format!(r#"{started} eq "2020-03-01T00:00:00Z""#), Ok(true));
    check(&format!(r#"{started} gt "2020-02-29T23:59:59Z""#), Ok(true));
}

#[test]
fn parentheses_that_matter_are_kept_thirty_two_deep() {
    let mut text = "user.state eq \"ACTIVE\"".to_owned();
    for _ in 0..NESTING_MAX {
        text = format!("user.state eq \"ACTIVE\" and ({text} or user.state eq \"INACTIVE\")");
    }
    check(&text, Ok(true));
    check_print(&text, &text);
}

#[test]
fn the_canonical_form_has_only_what_matters() {
    check_print(
        "( (USER.state EQ “A”) )OR\tlast_modified_at lt \"2023-05-14T11:30:00+02:00\"",
        r#"user.state eq "A" or last_updated_at lt "2023-05-14T11:30:00+02:00""#,
    );
    check_print(
        r#"(((user.state eq "A" or user.state eq "B")))AND(user.state eq "\"\\“")"#,
        r#"(user.state eq "A" or user.state eq "B") and user.state eq "\"\\“""#,
    );
    let [a, b, c] = ["A", "B", "C"].map(|value| format!("user.state eq \"{value}\""));
    check_print(
        &format!("{a} or ({b} or {c})"),
        &format!("{a} or {b} or {c}"),
    );
    check_print(
        &format!("{a} and ({b} and {c})"),
        &format!("{a} and {b} and {c}"),
    );
    check_print(
        &format!("{a} or ({b} and {c})"),
        &format!("{a} or {b} and {c}"),
    );
    check_print(
        &format!("({a} or {b}) or {c}"),
        &format!("{a} or {b} or {c}"),
    );
    check_print(
        &format!("({a} and ({b} or {c}))"),
        &format!("{a} and ({b} or {c})"),
    );
    check_print(
        &format!("{a} and (({b} or {c}) or {a})"),
        &format!("{a} and ({b} or {c} or {a})"),
    );
    let kept = format!("(({a} or {b}) and {c} or {a}) and {b}");
    check_print(&kept, &kept);
}

#[test]
fn a_full_length_filter_without_spaces_prints_what_can_be_parsed() {
    let mut text = "user.state eq\"\"".to_owned();
    while text.len() + 80 < LENGTH_BYTES_MAX {
        text += "and(user.state eq\"\"or user.state eq\"\")";
    }
    let padding = LENGTH_BYTES_MAX - text.len();
    text.insert_str(text.len() - 2, &"x".repeat(padding));
    assert_eq!(text.len(), LENGTH_BYTES_MAX);
    let filter = Filter::parse(&text).unwrap();
    assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
}

#[test]
fn every_attribute_is_found_by_its_path_in_any_case() {
    let outside = [
        (Attribute::State, "user.state"),
        (Attribute::SystemId, "system_identity.id"),
        (Attribute::SystemUsername, "system_identity.username"),
        (Attribute::LastUpdatedAt, "last_updated_at"),
    ];
    for (attribute, path) in outside {
        assert_eq!(attribute.path(), path);
    }
    for attribute in all_attributes() {
        assert_eq!(Attribute::from_path(attribute.path()), Some(attribute));
        assert_eq!(
            Attribute::from_path(&attribute.path().to_uppercase()),
            Some(attribute)
        );
    }
    assert_eq!(
        Attribute::from_path("Last_Modified_At"),
        Some(Attribute::LastUpdatedAt)
    );
}
