//! Reads of people are answered from memory: with every table hidden they say the same.

use std::collections::BTreeSet;

use hyper::Method;
use rollcall::http::routes::{self, Needs};
use serde_json::json;

use crate::support::{Caller, Tenant};

/// A path below the client for each of its reads, by the route's name.
fn paths(user: &str, department: &str) -> Vec<(&'static str, String)> {
    vec![
        ("getClient", String::new()),
        ("listUsers", "/users?q=an&sort_by=last_activity".into()),
        ("getUsersSummary", "/users/summary".into()),
        ("getUser", format!("/users/{user}")),
        ("getUserProfile", format!("/users/{user}/profile")),
        ("listDepartments", "/departments".into()),
        ("getDepartment", format!("/departments/{department}")),
    ]
}

#[tokio::test]
async fn no_read_of_people_asks_the_database_once_the_image_is_loaded() {
    let tenant = Tenant::new().await;
    tenant.instance("acme").await;
    let department = tenant.department("Sales").await;
    let user = tenant.user("Anna").await;
    tenant.assign(&user, &[&department]).await;
    tenant.seen("Anna", "web", "2026-02-24T11:00:00Z").await;

    let mut asked: Vec<(&str, String)> = paths(&user, &department)
        .into_iter()
        .map(|(name, rest)| (name, tenant.path(&rest)))
        .collect();
    let filter = "filter=user.state%20eq%20%22ACTIVE%22";
    asked.push(("gatewayListUsers", format!("/acme/users?{filter}")));
    asked.push(("gatewayGetUser", format!("/acme/users/{user}")));
    let scim = |rest: &str| format!("/scim/v2/{}{rest}", tenant.id);
    asked.push(("scimListUsers", scim("/Users?filter=userName%20co%20%22n%22")));
    asked.push(("scimListUsers", scim("/Users?filter=userName%20eq%20%22anna%22")));
    asked.push(("scimGetUser", scim(&format!("/Users/{user}"))));
    asked.push(("scimListGroups", scim("/Groups?filter=displayName%20co%20%22a%22")));
    asked.push(("scimGetGroup", scim(&format!("/Groups/{department}"))));
    asked.push(("scimConfiguration", scim("/ServiceProviderConfig")));
    asked.push(("scimResourceTypes", scim("/ResourceTypes")));
    asked.push(("scimResourceType", scim("/ResourceTypes/User")));
    asked.push(("scimSchemas", scim("/Schemas")));
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    asked.push(("scimSchema", scim(&format!("/Schemas/{urn}"))));
    asked.push(("scimListUsers", scim("/Users?count=1&cursor&sortBy=userName")));
    asked.push(("scimSearchUsers", scim("/Users/.search")));
    asked.push(("scimSearchGroups", scim("/Groups/.search")));
    asked.push(("scimSearch", scim("/.search")));
    // A new read is asked here too, or this fails.
    let is_search = |path: &str| path.ends_with("/.search");
    let reads: BTreeSet<&str> = routes::table()
        .iter()
        .filter(|route| route.method == Method::GET || is_search(route.path))
        .filter(|route| !matches!(route.needs, Needs::Nothing))
        .map(|route| route.name)
        // Clients and imports are no people; the log, and the days on which somebody was seen, are asked for one by
        // one and not worth their memory.
        .filter(|name| {
            let of_the_log = ["getUserProvenance", "getUserActivity", "listChanges"];
            let of_no_people = ["listClients", "listImports", "getImport"];
            !of_no_people.contains(name) && !of_the_log.contains(name)
        })
        .collect();
    assert_eq!(reads, asked.iter().map(|(name, _)| *name).collect());

    let ask = async |path: &str| {
        if is_search(path) {
            let body = json!({ "filter": "displayName pr or userName pr", "cursor": "" });
            return tenant.bearer.post(path, body).await.must_be(200);
        }
        tenant.bearer.get(path).await.must_be(200)
    };
    let mut before = Vec::new();
    for (_, path) in &asked {
        before.push(ask(path).await.text().to_owned());
    }
    tenant.world.hide_tables().await;
    for ((name, path), before) in asked.iter().zip(before) {
        assert_eq!(ask(path).await.text(), before, "{name}");
    }
    // What it would be if one did.
    let write = tenant.post("/departments", json!({ "name": "Support" })).await;
    write.must_be(500);
}
