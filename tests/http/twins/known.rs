//! What earlier answers told: ids to ask for, tags to name, cursors to follow, keys to use again.

use std::collections::HashMap;

use super::maker::Question;
use super::support::Dice;
use crate::support::Answer;

/// Of each kind, this many are remembered: more would only make it rarer that one is met again.
const MOST: usize = 60;

/// What is known so far.
#[derive(Default)]
pub struct Known {
    pub clients: Vec<String>,
    users: HashMap<String, Vec<String>>,
    departments: HashMap<String, Vec<String>>,
    /// Of every client: what one took is free in another.
    pub user_keys: Vec<String>,
    /// By the path of the resource.
    tags: HashMap<String, String>,
    /// A list's path with its query, the parameter, and the cursor.
    cursors: Vec<(String, &'static str, String)>,
    /// Requests that bore a key.
    pub once: Vec<Question>,
    pub once_keys: Vec<String>,
}

impl Known {
    /// Nothing but these clients.
    pub fn of(clients: Vec<String>) -> Self {
        Self {
            clients,
            ..Self::default()
        }
    }

    pub fn users(&self, client: usize) -> &[String] {
        let users = self.users.get(&self.clients[client]);
        users.map_or(&[], Vec::as_slice)
    }

    pub fn departments(&self, client: usize) -> &[String] {
        let departments = self.departments.get(&self.clients[client]);
        departments.map_or(&[], Vec::as_slice)
    }

    /// The tag that the resource had when it was last shown.
    pub fn tag(&self, path: &str) -> Option<&str> {
        self.tags.get(path).map(String::as_str)
    }

    pub fn cursor(&self, dice: &Dice) -> Option<(&str, &'static str, &str)> {
        // The latest is the likeliest, so that walks come to their ends.
        let last = self.cursors.last()?;
        let any = if dice.below(3) == 0 {
            dice.pick(&self.cursors)
        } else {
            last
        };
        Some((&any.0, any.1, &any.2))
    }

    /// Takes in what an answer tells.
    pub fn learn(&mut self, question: &Question, answer: &Answer) {
        if let Some((_, key)) = question
            .headers
            .iter()
            .find(|(name, _)| *name == "idempotency-key")
        {
            add(&mut self.once_keys, key.clone());
            add(&mut self.once, question.clone());
        }
        if !(200..300).contains(&answer.status) || answer.body.is_empty() {
            return;
        }
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(&answer.body) else {
            return;
        };
        let (path, _) = question
            .path
            .split_once('?')
            .unwrap_or((&question.path, ""));
        let mut resource = path.to_owned();
        if answer.status == 201 {
            let id = json["id"].as_str().unwrap();
            resource = format!("{path}/{id}");
            if let Some(key) = json["user_key"].as_str() {
                add(&mut self.user_keys, key.to_owned());
            }
            self.learn_id(path, id);
        }
        for item in json["data"].as_array().into_iter().flatten() {
            // Also those whom a report enrolled.
            if let Some(id) = item["id"].as_str() {
                self.learn_id(path, id);
            }
        }
        if let Some(tag) = answer.headers.get("etag") {
            self.tags.insert(resource, tag.to_str().unwrap().to_owned());
        }
        for (member, parameter) in [("next_cursor", "cursor"), ("next_page_token", "pageToken")] {
            if let Some(cursor) = json[member].as_str() {
                let list = without(&question.path, parameter);
                add(&mut self.cursors, (list, parameter, cursor.to_owned()));
            }
        }
    }

    fn learn_id(&mut self, path: &str, id: &str) {
        let parts: Vec<&str> = path.split('/').skip(3).collect();
        let ids = match parts[..] {
            [client, "users"] => self.users.entry(client.to_owned()).or_default(),
            [client, "departments"] => self.departments.entry(client.to_owned()).or_default(),
            [] if self.clients.len() < 4 => &mut self.clients,
            _ => return,
        };
        if !ids.iter().any(|known| known == id) {
            add(ids, id.to_owned());
        }
    }
}

fn add<T>(items: &mut Vec<T>, item: T) {
    if items.len() == MOST {
        items.remove(0);
    }
    items.push(item);
}

/// The path without the cursor that it was followed by, which stands last.
fn without(path: &str, parameter: &str) -> String {
    for and in ['&', '?'] {
        if let Some((before, _)) = path.split_once(&format!("{and}{parameter}=")) {
            return before.to_owned();
        }
    }
    path.to_owned()
}
