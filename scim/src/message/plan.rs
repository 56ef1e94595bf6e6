//! In which order the changes of a bulk request are made: each after those that it refers to
//! (RFC 7644 3.7.1, 3.7.2).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use serde_json::Value;

use super::bulk::{BulkMethod, BulkOperation, BulkRequest, BulkResult, Identifier, reference};
use crate::Kind;
use crate::error::{ScimError, shown};
use crate::path::lookup;

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Make the change of this place in the request.
    Make(usize),
    /// Answer this for the change of this place: it cannot be made.
    Refuse(usize, BulkResult),
}

/// The ids of what has been made, by the names that the changes gave it.
#[derive(Debug, Clone, Default)]
pub struct BulkIds(HashMap<String, String>);

impl BulkRequest {
    /// Every change once: in the order of the request, except that one which refers to a later one
    /// waits for it. Those that refer to each other in a circle, to nothing, or to what is refused,
    /// are refused, and so is a second change of a name.
    pub fn plan(&self) -> Vec<Step> {
        let makers = self.makers();
        let mut steps = vec![];
        let mut refused: HashMap<usize, BulkResult> = HashMap::new();
        let mut waiting: Vec<usize> = vec![0; self.operations.len()];
        let mut waiters: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut ready = BinaryHeap::new();
        for (place, operation) in self.operations.iter().enumerate() {
            let needed = match operation {
                Err(result) => Err(BulkResult::clone(result)),
                Ok(operation) => {
                    let needed = needs(operation, place, &makers);
                    needed.map_err(|error| operation.failed(&error))
                }
            };
            let needed = needed.unwrap_or_else(|result| {
                refused.insert(place, result);
                vec![]
            });
            if needed.is_empty() {
                ready.push(Reverse(place));
            }
            waiting[place] = needed.len();
            for maker in needed {
                waiters.entry(maker).or_default().push(place);
            }
        }
        let mut is_planned = vec![false; self.operations.len()];
        while let Some(Reverse(place)) = ready.pop() {
            is_planned[place] = true;
            if let Some(result) = refused.remove(&place) {
                steps.push(Step::Refuse(place, result));
                continue;
            }
            steps.push(Step::Make(place));
            for waiter in waiters.remove(&place).unwrap_or_default() {
                waiting[waiter] -= 1;
                if waiting[waiter] == 0 {
                    ready.push(Reverse(waiter));
                }
            }
        }
        for (place, operation) in self.operations.iter().enumerate() {
            if let (false, Ok(operation)) = (is_planned[place], operation) {
                let detail = "its references lead in a circle, or to what cannot be made";
                let result = operation.failed(&ScimError::of_status(409, detail));
                steps.push(Step::Refuse(place, result));
            }
        }
        steps
    }

    /// Which change makes what a name stands for: the first of the name.
    fn makers(&self) -> HashMap<&str, usize> {
        let mut makers = HashMap::new();
        for (place, operation) in self.operations.iter().enumerate() {
            if let Ok(operation) = operation
                && operation.method == BulkMethod::Post
                && let Some(name) = operation.bulk_id.as_deref()
            {
                makers.entry(name).or_insert(place);
            }
        }
        makers
    }
}

/// The changes that have to be made before this one, each once.
fn needs(
    operation: &BulkOperation,
    place: usize,
    makers: &HashMap<&str, usize>,
) -> Result<Vec<usize>, ScimError> {
    if operation.method == BulkMethod::Post
        && let Some(name) = operation.bulk_id.as_deref()
        && makers.get(name) != Some(&place)
    {
        return Err(ScimError::value(format!(
            "the bulkId {} is there twice",
            shown(name)
        )));
    }
    let mut needed = vec![];
    for name in operation.references() {
        match makers.get(name) {
            Some(maker) => needed.push(*maker),
            None => {
                return Err(ScimError::value(format!(
                    "the bulkId {} makes nothing",
                    shown(name)
                )));
            }
        }
    }
    needed.sort_unstable();
    needed.dedup();
    Ok(needed)
}

impl BulkOperation {
    /// The names that a new user takes, in lower case and each once, if that is all that the change
    /// does: `None` for any other change, and for one that refers to others. Those that have no name
    /// in common may be made in any order, or at once.
    pub fn new_names(&self) -> Option<Vec<String>> {
        let is_new_user = self.method == BulkMethod::Post && self.target.kind == Kind::User;
        if !is_new_user || !self.references().is_empty() {
            return None;
        }
        let named = |name| lookup(self.data.as_object()?, name)?.as_str();
        let names = ["userName", "externalId"].into_iter().filter_map(named);
        let mut names: Vec<String> = names.map(str::to_lowercase).collect();
        names.dedup();
        Some(names)
    }

    /// The names that it refers to, in its path and in its data.
    pub fn references(&self) -> Vec<&str> {
        let mut names = vec![];
        if let Some(Identifier::BulkId(name)) = &self.target.identifier {
            names.push(name.as_str());
        }
        let mut open = vec![&self.data];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) => names.extend(reference(text)),
                Value::Array(list) => open.extend(list),
                Value::Object(object) => open.extend(object.values()),
                _ => {}
            }
        }
        names
    }

    /// The change with ids in place of names.
    ///
    /// # Errors
    /// 409 if something that it refers to was not made.
    pub fn resolved(mut self, ids: &BulkIds) -> Result<Self, ScimError> {
        if let Some(Identifier::BulkId(name)) = &self.target.identifier {
            let id = ids.id(name)?.to_owned();
            self.target.identifier = Some(Identifier::Id(id));
        }
        let mut open = vec![&mut self.data];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) => {
                    if let Some(name) = reference(text) {
                        *text = ids.id(name)?.to_owned();
                    }
                }
                Value::Array(list) => open.extend(list),
                Value::Object(object) => open.extend(object.values_mut()),
                _ => {}
            }
        }
        Ok(self)
    }
}

impl BulkIds {
    /// Remembers what a change has made.
    pub fn made(&mut self, bulk_id: &str, id: &str) {
        self.0.insert(bulk_id.to_owned(), id.to_owned());
    }

    fn id(&self, bulk_id: &str) -> Result<&str, ScimError> {
        self.0.get(bulk_id).map(String::as_str).ok_or_else(|| {
            let detail = format!("what the bulkId {} stands for was not made", shown(bulk_id));
            ScimError::of_status(409, detail)
        })
    }
}
