//! The log as a file: lines of JSON, or comma-separated values (RFC 4180) for a spreadsheet.

use serde_json::{Map, Value, json};

use super::{Change, Difference, Shown, list};
use crate::model::change::ChangeQuery;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;

/// Changes that one file has at most, the newest that are as asked.
pub const EXPORTED_MAX: usize = 100_000;
/// Changes that are read at once: a profile may be long.
const PAGE: usize = 100;

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line, as the Clients API's list of changes has it.
    Jsonl,
    /// A row for each field that differs, with a header. A cell that a spreadsheet would take for a
    /// formula (one that begins with `=`, `+`, `-`, `@`, a tab or a carriage return) gets a `'` before it.
    Csv,
}

/// The columns of [`Format::Csv`].
const COLUMNS: [&str; 12] = [
    "number",
    "at",
    "action",
    "entity",
    "entity_id",
    "name",
    "actor_id",
    "actor_name",
    "source",
    "field",
    "from",
    "to",
];

/// A file that is being made, piece by piece.
#[derive(Debug)]
pub struct Export {
    query: ChangeQuery,
    format: Format,
    /// Where the next piece goes on; `None` behind the last.
    next: Option<Option<i64>>,
    room: usize,
    is_begun: bool,
}

impl Export {
    /// The newest changes that are as asked, [`EXPORTED_MAX`] at most.
    pub fn new(query: ChangeQuery, format: Format) -> Self {
        Self {
            query,
            format,
            next: Some(None),
            room: EXPORTED_MAX,
            is_begun: false,
        }
    }

    /// Whether the file ends although there may be more: it has as many as it can.
    pub fn is_cut(&self) -> bool {
        self.room == 0 && self.next.is_some()
    }

    /// The next piece of the file, which may be empty; `None` at its end. Nothing is held between two
    /// pieces: the log only grows at its other end.
    pub async fn piece(&mut self, app: &App, access: &Access) -> Result<Option<String>, Error> {
        let Some(before) = self.next.filter(|_| self.room > 0) else {
            return Ok(None);
        };
        let page = list(app, access, &self.query, before, PAGE.min(self.room)).await?;
        self.next = page.next.map(Some);
        self.room -= page.changes.len();
        let mut text = String::new();
        if !std::mem::replace(&mut self.is_begun, true) && self.format == Format::Csv {
            row(&mut text, COLUMNS);
        }
        for change in &page.changes {
            match self.format {
                Format::Jsonl => {
                    text.push_str(&change.to_json().to_string());
                    text.push('\n');
                }
                Format::Csv => rows(&mut text, change),
            }
        }
        Ok(Some(text))
    }
}

impl Change {
    /// As the Clients API shows it.
    pub fn to_json(&self) -> Value {
        let value = |shown: &Option<Shown>| match shown {
            None => Value::Null,
            Some(Shown::Text(text)) => Value::from(&**text),
            Some(Shown::List(texts)) => texts.iter().map(|text| Value::from(&**text)).collect(),
        };
        let difference = |difference: &Difference| {
            json!({
                "field": difference.field,
                "from": value(&difference.from),
                "to": value(&difference.to),
            })
        };
        let actor = self.actor.as_ref();
        let mut object = Map::new();
        let mut member = |name: &str, value: Value| object.insert(name.to_owned(), value);
        member("number", self.number.into());
        member("at", json!(self.at));
        member("action", json!(self.action));
        member("entity", json!(self.entity));
        member("entity_id", json!(self.entity_id));
        member("name", json!(self.name));
        member(
            "actor",
            actor.map_or(
                Value::Null,
                |actor| json!({ "id": actor.id, "name": actor.name }),
            ),
        );
        member("source", json!(self.source));
        member(
            "differences",
            self.differences.iter().map(difference).collect(),
        );
        member("undoes", json!(self.undoes));
        member("undoable", json!(self.is_undoable));
        object.into()
    }
}

/// The rows of one change: one for each difference, and one for a change without any.
fn rows(out: &mut String, change: &Change) {
    let (number, at) = (change.number.to_string(), change.at.with_milliseconds());
    let actor = change.actor.as_ref();
    let mut one = |[field, from, to]: [&str; 3]| {
        let optional = |text: Option<&Box<str>>| text.cloned().unwrap_or_default();
        row(
            out,
            [
                &number,
                &at,
                &*change.action,
                &*change.entity,
                &*change.entity_id,
                &*optional(change.name.as_ref()),
                &*optional(actor.map(|actor| &actor.id)),
                &*optional(actor.and_then(|actor| actor.name.as_ref())),
                &*change.source,
                field,
                from,
                to,
            ],
        );
    };
    let text = |shown: &Option<Shown>| shown.as_ref().map(Shown::to_string).unwrap_or_default();
    for difference in &change.differences {
        let (from, to) = (text(&difference.from), text(&difference.to));
        one([&difference.field, &from, &to]);
    }
    if change.differences.is_empty() {
        one([""; 3]);
    }
}

fn row(out: &mut String, cells: [&str; COLUMNS.len()]) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_cell(out, cell);
    }
    out.push_str("\r\n");
}

/// A cell in quotes where it needs some, and never a formula: a spreadsheet would run what somebody
/// called themselves.
fn write_cell(out: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_quoted = cell.contains([',', '"', '\n', '\r']);
    if is_quoted {
        out.push('"');
    }
    if is_formula {
        out.push('\'');
    }
    if is_quoted {
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_each_is_one_cell() {
        for (cell, written) in [
            ("Anna", "Anna"),
            ("", ""),
            ("a-b", "a-b"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            (
                "=HYPERLINK(\"http://x\",\"y\")",
                "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"",
            ),
            ("Sales, north", "\"Sales, north\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            let mut out = String::new();
            write_cell(&mut out, cell);
            assert_eq!(out, written);
        }
    }
}
