//! What is measured, one file a section.

mod get;
mod lists;
mod search;

use crate::{bench::Bench, report::Section};

/// A part of the benchmark that can be run alone.
pub struct Part {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its title in the table.
    pub title: &'static str,
    /// Measures it.
    pub measure: fn(&Bench) -> Result<Section, String>,
}

/// All of them, in the order of the table.
pub const ALL: [Part; 3] = [
    Part {
        name: "get",
        title: "Get by id",
        measure: get::measure,
    },
    Part {
        name: "lists",
        title: "Lists",
        measure: lists::measure,
    },
    Part {
        name: "search",
        title: "Search",
        measure: search::measure,
    },
];

/// The part of this name.
pub fn named(name: &str) -> Option<&'static Part> {
    ALL.iter().find(|part| part.name == name)
}
