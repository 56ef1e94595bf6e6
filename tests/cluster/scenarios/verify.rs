//! Whether all that was acknowledged is there: through every node, and in the database.

use std::collections::HashMap;

use rollcall::model::timestamp::Timestamp;
use serde_json::Value;
use tokio::task::block_in_place;

use super::images;
use super::load::Load;
use super::stage::{CLIENT, Stage};

/// Looks for everything, everywhere. Returns how many acknowledged writes' traces were found.
pub async fn nothing_is_lost(stage: &Stage, load: &Load) -> usize {
    images::until_equal(stage).await;
    images::fresh(stage).await;
    let (created, roles, seen) = (load.created(), load.roles().await, load.seen());
    for node in &stage.nodes {
        let picture = images::picture(&node.door, &stage.token).await;
        let people = by(&picture[0], "/id");
        for id in &created {
            assert!(
                people.contains_key(id),
                "{id} is lost to node {}",
                node.name
            );
        }
        for (id, at) in &seen {
            let found = people[id].pointer("/last_activity/web_at").unwrap();
            let found = found.as_str().and_then(Timestamp::parse);
            let found = found.map_or(0, Timestamp::milliseconds);
            assert!(found >= *at, "{id} was seen at {at}, not only at {found}");
        }
        let identities = by(&picture[5], "/system_identity/id");
        for (id, (acknowledged, sent)) in &roles {
            let role = identities[id].pointer("/user/employment_info/role");
            let role = role.and_then(Value::as_str).unwrap_or("0");
            let role: u64 = role.parse().unwrap();
            let is_possible = (*acknowledged..=*sent).contains(&role);
            assert!(is_possible, "{id}: {role} is not {acknowledged} to {sent}");
        }
    }
    let exported = block_in_place(|| stage.text(&format!("export --client {CLIENT}")));
    let exported = by(&exported, "/id");
    for id in &created {
        assert!(exported.contains_key(id), "{id} is lost to the database");
    }
    // Numbers are given once each, and none is left out.
    let sql = "SELECT COUNT(*) = MAX(number) AND MAX(number) = (SELECT change_number FROM clients)
               FROM changes";
    assert_eq!(block_in_place(|| stage.query(sql)), "t", "the log has gaps");
    created.len() + roles.len() + seen.len()
}

/// Lines of JSON by a member of theirs.
fn by(lines: &str, pointer: &str) -> HashMap<String, Value> {
    let lines = lines.lines().map(|line| {
        let item: Value = serde_json::from_str(line).unwrap();
        let key = item.pointer(pointer).and_then(Value::as_str);
        (key.unwrap_or_default().to_owned(), item)
    });
    lines.collect()
}
