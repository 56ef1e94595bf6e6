//! `filter`, through the door: what each part of the language finds, and what is refused. How
//! filters are read and compared has its own tests; here it is that the list really asks them.

use std::time::Duration;

use insta::assert_snapshot;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::support::walks::gateway_walk;
use crate::support::{Answer, Tenant};

/// Anna, an active engineer; Bert, inactive, in sales; Cem, who was deleted a minute later.
async fn three() -> Tenant {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let sales = client.department("Sales").await;
    for (name, departments, profile) in [
        (
            "Anna",
            vec![],
            json!({"email_addr": "anna@x", "first_name": "Ann \"A\" \\ “B”", "employment_info": {
                "role": "Engineer", "employee_start_date_ts": "2020-03-01T00:00:00Z",
                "employment_location": {"country_code": "41"}}}),
        ),
        (
            "Bert",
            vec![sales],
            json!({"state": "INACTIVE", "work_status": "FULL_TIME"}),
        ),
        (
            "Cem",
            vec![],
            json!({"employment_info": {"role": "Seller"}}),
        ),
    ] {
        let body = json!({
            "username": name, "user_key": name, "external_id": format!("E-{name}"),
            "departments": departments, "profile": profile,
        });
        client.post("/users", body).await.must_be(201);
    }
    let cem = client.get("/users?user_key=cem").await.at("/data/0/id");
    client.world.clock().advance(Duration::from_secs(60));
    client.delete(&format!("/users/{cem}")).await.must_be(204);
    client
}

fn escaped(filter: &str) -> String {
    utf8_percent_encode(filter, NON_ALPHANUMERIC).to_string()
}

async fn found(client: &Tenant, filter: &str) -> String {
    let query = format!("filter={}&pageSize=1&", escaped(filter));
    let people = gateway_walk(&client.bearer, "acme", &query).await;
    let names: Vec<&str> = people
        .iter()
        .map(|person| person["system_identity"]["username"].as_str().unwrap())
        .collect();
    names.join(" ")
}

async fn asked(client: &Tenant, filter: &str) -> Answer {
    client
        .gateway(&format!("/acme/users?filter={}", escaped(filter)))
        .await
}

#[tokio::test]
async fn the_list_shows_whom_the_filter_matches() {
    let client = three().await;
    for (filter, expected) in [
        (r#"user.state eq "ACTIVE""#, "Anna"),
        (r#"user.state eq "INACTIVE""#, "Bert Cem"),
        (r#"user.state eq “INACTIVE”"#, "Bert Cem"),
        (r#"user.state eq ”INACTIVE“"#, "Bert Cem"),
        (r#"user.state ne "INACTIVE""#, "Anna"),
        (r#"user.state eq "active""#, ""),
        (r#"USER.State EQ "ACTIVE""#, "Anna"),
        (r#"user.employment_info.department eq "Sales""#, "Bert"),
        (r#"user.employment_info.department ne "Sales""#, "Anna Cem"),
        (r#"user.employment_info.role gt "Engineer""#, "Cem"),
        (r#"user.employment_info.role lt "F""#, "Anna"),
        (
            r#"user.employment_info.employment_location.country_code eq "41""#,
            "Anna",
        ),
        (
            r#"user.employment_info.employee_start_date_ts lt "2020-03-01T01:00:00+00:30""#,
            "Anna",
        ),
        (r#"user.work_status eq "FULL_TIME""#, "Bert"),
        (r#"user.universal_identifier eq "anna@x""#, "Anna"),
        (r#"user.universal_identifier eq "Bert""#, "Bert"),
        (r#"system_identity.id eq "E-Cem""#, "Cem"),
        (r#"system_identity.username eq "Bert""#, "Bert"),
        (r#"last_updated_at gt "2026-02-24T12:00:00Z""#, "Cem"),
        (r#"last_modified_at gt "2026-02-24T12:00:00Z""#, "Cem"),
        (
            r#"last_updated_at eq "2026-02-24T13:00:00+01:00""#,
            "Anna Bert",
        ),
        (
            r#"last_updated_at lt "2026-02-24T12:01:00.5Z""#,
            "Anna Bert Cem",
        ),
        (r#"user.first_name eq "Ann \"A\" \\ “B”""#, "Anna"),
        (
            r#"user.state eq "ACTIVE" or user.state eq "INACTIVE" and system_identity.id eq "x""#,
            "Anna",
        ),
        (
            r#"(user.state eq "ACTIVE" or user.state eq "INACTIVE") and system_identity.id eq "x""#,
            "",
        ),
        (
            r#"((system_identity.id eq "E-Anna")) OR system_identity.id eq "E-Cem""#,
            "Anna Cem",
        ),
        (
            r#"user.state eq "INACTIVE" AND last_modified_at gt “2026-02-24T12:00:30Z”"#,
            "Cem",
        ),
    ] {
        assert_eq!(found(&client, filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_plus_in_the_query_is_a_space() {
    let client = three().await;
    let answer = client
        .gateway("/acme/users?filter=user.state+eq+%22ACTIVE%22")
        .await;
    assert_eq!(
        answer.must_be(200).json()["results"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn what_is_no_filter_is_refused_with_its_place_and_never_answered_with_everybody() {
    let client = three().await;
    let long = format!(r#"user.first_name eq "{}""#, "x".repeat(8 * 1024));
    let nested = |depth: usize| {
        format!(
            r#"{}user.state eq "ACTIVE"{}"#,
            "(".repeat(depth),
            ")".repeat(depth)
        )
    };
    let endless = "(".repeat(8_000);
    for filter in [
        "",
        " ",
        "user.state",
        "user.state eq",
        "user.state eq ACTIVE",
        r#"user.state eq "ACTIVE"#,
        r#"user.state eq 'ACTIVE'"#,
        r#"not user.state eq "ACTIVE""#,
        r#"user.state ge "ACTIVE""#,
        r#"user.state co "ACT""#,
        r#"user.state pr"#,
        r#"state eq "ACTIVE""#,
        r#"user.shoe_size eq "43""#,
        r#"user.custom_attributes.x eq "1""#,
        r#"user_key eq "anna""#,
        r#"(user.state eq "ACTIVE""#,
        r#"user.state eq "ACTIVE")"#,
        r#"user.state eq "ACTIVE" user.state eq "ACTIVE""#,
        r#"user.state eq "ACTIVE" and"#,
        r#"user.state eq "A\n""#,
        r#"last_updated_at gt "yesterday""#,
        "user.state eq \"A\0\"",
        &long,
        &nested(33),
        &endless,
    ] {
        let answer = asked(&client, filter).await.must_be(400);
        assert_eq!(
            answer.at("/error/code"),
            "INPUT_VALIDATION_FAILED",
            "{filter}"
        );
        let error = answer.json()["error"].as_object().unwrap().clone();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "message"]);
    }
    assert_eq!(found(&client, &nested(32)).await, "Anna");
    assert_snapshot!(asked(&client, r#"user.state ge "ACTIVE""#).await, @r#"400 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"filter: unknown operator \"ge\" (only eq, ne, gt, lt) at character 12"}}"#);
    assert_snapshot!(asked(&client, r#"user.state eq "ACTIVE" or shoe eq "43""#).await, @r#"400 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"filter: unknown attribute \"shoe\" at character 27"}}"#);
    assert_snapshot!(asked(&client, "").await, @r#"400 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"filter: a comparison is expected instead of the end at character 1"}}"#);
}
