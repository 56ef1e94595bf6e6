//! What holds for every text and every JSON: another parser's opinion, properties, small stacks,
//! and thousands of real requests that were damaged.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

mod damaged;
mod oracle;
mod properties;
mod small_stack;

/// So many cases; what fails is not written to a file, the message has it all.
fn cases(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases,
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}

/// Real filters, and some that use every corner of the grammar.
const FILTERS: [&str; 40] = [
    r#"userName eq "bjensen""#,
    r#"name.familyName co "O'Malley""#,
    r#"userName sw "J""#,
    r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
    r#"title pr"#,
    r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified le "2011-05-13T04:42:34Z""#,
    r#"title pr and userType eq "Employee""#,
    r#"title pr or userType eq "Intern""#,
    r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
    r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
    r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
    r#"userType eq "Employee" and (emails.type eq "work")"#,
    r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
    r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
    r#"userName eq "Test_User_dfeef4c5-5681-4387-b016-bdf221e82081""#,
    r#"externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef""#,
    r#"emails[type eq "work"].value eq "jyoung@testuser.com""#,
    r#"id eq "7db2aa8f" and members eq "a1b2""#,
    r#"displayName eq "Group \"A\" \\ \u00fc""#,
    r#"members[value eq "u1" or value eq "u2"]"#,
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m1""#,
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department ne null"#,
    r#"active eq true and not (title pr)"#,
    r#"active eq "False""#,
    r#"not (active eq false) or not (not (title pr or nickName pr))"#,
    r#"urn:acme:2.0:User:floor ge -1.5e2"#,
    r#"urn:acme:2.0:User:floor eq 0"#,
    r#"((title pr))"#,
    r#"(title pr and (nickName pr and (active eq true or locale sw "de")))"#,
    r#"title pr or nickName pr and locale pr or timezone pr"#,
    r#"USERNAME EQ "X" AND Title PR OR NOT (Locale Sw "e")"#,
    r#"emails[not (type eq "home") and (value ew ".org" or display pr)]"#,
    r#"x-y_z.a-1 lt "b""#,
    r#"userName eq "" or displayName eq "  ""#,
    r#"phoneNumbers[type eq "work"].value pr and emails[primary eq "True"].value sw "a""#,
    r#"and eq "or" and or pr"#,
    r#"urn:x:y pr and urn:ietf:params:scim:schemas:core:2.0:User pr"#,
];
