//! The messages around resources, and the documents about them.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use scim::message::{
    BulkIds, BulkRequest, BulkResponse, BulkResult, Identifier, ListResponse, Page, SearchRequest,
    Step,
};
use scim::schema::{self, AuthenticationScheme, BulkLimits, ServiceProvider};
use scim::{Kind, Quirk, ScimError, ScimType};
use serde_json::{Value, json};

#[test]
fn an_errors_status_is_a_text() {
    let error = ScimError::new(ScimType::Uniqueness, "the userName is taken");
    assert_eq!(
        error.to_json(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "409",
            "scimType": "uniqueness",
            "detail": "the userName is taken",
        })
    );
    let error = ScimError::of_status(404, "no such user").to_json();
    assert_eq!(error.get("scimType"), None);
    for scim_type in ScimType::ALL {
        assert!(
            (400..=409).contains(&scim_type.status()),
            "{}",
            scim_type.name()
        );
    }
}

#[test]
fn quirks_have_names_of_their_own() {
    let mut names: Vec<&str> = Quirk::ALL.iter().map(|quirk| quirk.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Quirk::ALL.len());
    assert!(
        Quirk::ALL
            .iter()
            .all(|quirk| !quirk.description().is_empty())
    );
}

#[test]
fn a_list_has_its_resources_even_without_any() {
    let none: [Value; 0] = [];
    assert_eq!(
        serde_json::to_value(ListResponse::by_index(7, 3, &none)).unwrap(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 7, "startIndex": 3, "itemsPerPage": 0, "Resources": [],
        })
    );
    assert_eq!(
        serde_json::to_value(ListResponse::by_cursor(9, Some("n"), None, &[1, 2])).unwrap(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 9, "itemsPerPage": 2, "nextCursor": "n", "Resources": [1, 2],
        })
    );
}

#[test]
fn a_search_is_read_in_any_case() {
    let search = SearchRequest::parse(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["displayName", "userName"],
        "Filter": "displayName sw \"smith\"",
        "sortby": "userName",
        "startIndex": -4,
        "count": 10,
    }))
    .unwrap();
    assert_eq!(search.filter.as_deref(), Some("displayName sw \"smith\""));
    assert_eq!(
        search.page,
        Page {
            start_index: Some(1),
            count: Some(10),
            cursor: None
        }
    );
    assert_eq!(search.quirks, []);
    assert!(search.projection(Kind::User).shows("USERNAME"));
    assert!(!search.projection(Kind::User).shows("title"));
    assert!(!search.sort(Kind::User).unwrap().unwrap().is_descending());
    for (wrong, scim_type) in [
        (json!([]), ScimType::InvalidSyntax),
        (json!({ "filter": 7 }), ScimType::InvalidFilter),
        (json!({ "count": "many" }), ScimType::InvalidValue),
        (json!({ "attributes": [1] }), ScimType::InvalidValue),
        (
            json!({ "startIndex": 1, "cursor": "" }),
            ScimType::InvalidValue,
        ),
    ] {
        let error = SearchRequest::parse(wrong).unwrap_err();
        assert_eq!(error.scim_type, Some(scim_type), "{error}");
    }
}

#[test]
fn a_page_is_bounded() {
    let page = Page::parse(Some("0"), Some("-1"), None).unwrap();
    assert_eq!(
        page,
        Page {
            start_index: Some(1),
            count: Some(0),
            cursor: None
        }
    );
    assert_eq!(page.limit(100, 200), 0);
    assert_eq!(Page::default().limit(100, 200), 100);
    assert_eq!(
        Page::parse(None, Some("5000"), Some(""))
            .unwrap()
            .limit(100, 200),
        200
    );
    assert!(Page::parse(Some("x"), None, None).is_err());
    for count in ["0", "-1"] {
        let error = Page::parse(None, Some(count), Some("")).unwrap_err();
        assert_eq!(error.scim_type, Some(ScimType::InvalidCount), "{count}");
    }
}

fn bulk() -> Value {
    serde_json::from_str(include_str!("data/bulk.json")).unwrap()
}

#[test]
fn a_bulk_is_made_in_the_order_of_its_references() {
    let request = BulkRequest::parse(bulk(), 5).unwrap();
    assert!(request.is_over(1) && !request.is_over(0));
    let order: Vec<usize> = request
        .plan()
        .into_iter()
        .map(|step| match step {
            Step::Make(place) => place,
            Step::Refuse(place, result) => panic!("{place}: {result:?}"),
        })
        .collect();
    assert_eq!(order, [1, 0, 2, 3, 4]);

    let group = request.operations[0].clone().unwrap();
    let patch = request.operations[3].clone().unwrap();
    let mut ids = BulkIds::default();
    assert_eq!(group.clone().resolved(&ids).unwrap_err().status, 409);
    ids.made("qwerty", "u1");
    assert_eq!(
        group.resolved(&ids).unwrap().data["members"][0]["value"],
        "u1"
    );
    let target = patch.resolved(&ids).unwrap().target;
    assert_eq!(target.identifier, Some(Identifier::Id("u1".to_owned())));
    assert_eq!(BulkRequest::parse(bulk(), 4).unwrap_err().status, 413);
}

#[test]
fn a_bulk_is_made_in_its_own_order_where_nothing_refers_to_anything() {
    let request = BulkRequest::parse(
        json!({ "Operations": [
            { "method": "DELETE", "path": "/Users/1" },
            { "method": "GET", "path": "/Users/1" },
            { "method": "PATCH", "path": "/Users/2", "data": [{ "op": "remove", "path": "title" }] },
            { "method": "POST", "path": "/Users", "bulkId": "a", "data": { "x": "bulkId:b" } },
        ] }),
        100,
    )
    .unwrap();
    let places = request.plan().into_iter().map(|step| match step {
        Step::Make(place) => (place, true),
        Step::Refuse(place, _) => (place, false),
    });
    let expect = [(0, true), (1, false), (2, true), (3, false)];
    assert_eq!(places.collect::<Vec<_>>(), expect);
    let patch = request.operations[2].clone().unwrap();
    assert_eq!(patch.data["Operations"][0]["op"], "remove");
}

#[test]
fn a_new_user_alone_takes_names() {
    let names = |method: &str, path: &str, data: Value| {
        let operation = json!({ "method": method, "path": path, "bulkId": "a", "data": data });
        let request = BulkRequest::parse(json!({ "Operations": [operation] }), 1).unwrap();
        request.operations[0].clone().unwrap().new_names()
    };
    let taken = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let ann = json!({ "USERNAME": "Ann", "externalid": "7" });
    assert_eq!(names("POST", "/Users", ann.clone()), taken(&["ann", "7"]));
    let same = json!({ "userName": "ann", "externalId": "ANN" });
    assert_eq!(names("POST", "/Users", same), taken(&["ann"]));
    assert_eq!(names("POST", "/Users", json!({})), taken(&[]));
    assert_eq!(names("POST", "/Groups", ann.clone()), None);
    assert_eq!(names("PUT", "/Users/1", ann), None);
    let manager = json!({ "userName": "ann", "manager": "bulkId:b" });
    assert_eq!(names("POST", "/Users", manager), None);
}

#[test]
fn a_bulk_refuses_each_wrong_operation_by_itself() {
    let post = |bulk_id: &str, data: Value| json!({ "method": "post", "path": "users/", "bulkId": bulk_id, "data": data });
    let operations = json!([
        post("a", json!({ "manager": "bulkId:b" })),
        post("b", json!({ "manager": "bulkId:a" })),
        post("c", json!({})),
        post("c", json!({})),
        post("d", json!({ "x": ["bulkId:nothing"] })),
        post("e", json!({ "x": "bulkId:d" })),
        { "method": "POST", "path": "/Users", "data": {} },
        { "method": "PUT", "path": "/Users", "data": {} },
        { "method": "PUT", "path": "/Users/1" },
        { "method": "GET", "path": "/Users/1" },
        { "method": "DELETE", "path": "/Things/1" },
        { "method": "DELETE", "path": "/Users/1/2" },
        7,
    ]);
    let request = BulkRequest::parse(json!({ "operations": operations }), 100).unwrap();
    let mut statuses = vec![0; 13];
    for step in request.plan() {
        match step {
            Step::Make(place) => statuses[place] = 200,
            Step::Refuse(place, result) => {
                assert_eq!(statuses[place], 0, "each is answered once");
                statuses[place] = result.status;
            }
        }
    }
    let expect = [
        409, 409, 200, 400, 400, 409, 400, 400, 400, 400, 400, 400, 400,
    ];
    assert_eq!(statuses, expect);
    for wrong in [
        json!({}),
        json!({ "Operations": [], "failOnErrors": 0 }),
        json!(1),
    ] {
        assert!(BulkRequest::parse(wrong, 1).is_err());
    }
}

#[test]
fn a_bulks_answer_has_statuses_as_texts() {
    let made = BulkResult {
        method: "POST".to_owned(),
        bulk_id: Some("qwerty".to_owned()),
        location: Some("https://example.com/v2/Users/92b725cd".to_owned()),
        version: None,
        status: 201,
        response: None,
    };
    let response = BulkResponse {
        results: vec![made],
    };
    assert_eq!(
        response.to_json(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
            "Operations": [{
                "method": "POST", "bulkId": "qwerty",
                "location": "https://example.com/v2/Users/92b725cd", "status": "201",
            }],
        })
    );
}

#[test]
fn the_documents_say_what_there_is() {
    let schemas = schema::schemas("https://h/scim");
    let names: Vec<&Value> = schemas.iter().map(|schema| &schema["name"]).collect();
    assert_eq!(names, ["User", "EnterpriseUser", "Group"]);
    let user = schema::schema(&schema::USER_URN.to_uppercase(), "").unwrap();
    let attributes = user["attributes"].as_array().unwrap();
    let named = |name: &str| {
        attributes
            .iter()
            .find(|found| found["name"] == name)
            .unwrap()
    };
    assert_eq!(named("password")["returned"], "never");
    assert_eq!(named("userName")["required"], true);
    assert_eq!(named("groups")["mutability"], "readOnly");
    assert_eq!(named("emails")["subAttributes"][3]["type"], "boolean");
    assert_eq!(schema::schema("urn:other", ""), None);
    let types = schema::resource_types("https://h/scim");
    assert_eq!(
        types[0]["schemaExtensions"][0]["schema"],
        schema::ENTERPRISE_URN
    );
    assert_eq!(
        types[1]["meta"]["location"],
        "https://h/scim/ResourceTypes/Group"
    );
    let config = schema::service_provider_config(
        &ServiceProvider {
            documentation: None,
            bulk: Some(BulkLimits {
                operations_max: 100,
                payload_bytes_max: 1_000_000,
            }),
            has_cursors: true,
            results_max: 200,
            results_default: 100,
            cursor_timeout_seconds: None,
            authentication: &[AuthenticationScheme::BearerToken],
        },
        "https://h/scim",
    );
    assert_eq!(config["bulk"]["maxOperations"], 100);
    assert_eq!(config["pagination"]["maxPageSize"], 200);
    assert_eq!(config["authenticationSchemes"][0]["primary"], true);
}
