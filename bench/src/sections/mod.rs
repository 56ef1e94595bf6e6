//! What is measured, one file a section.

mod activity;
mod counts;
mod get;
mod growth;
mod import;
mod latency;
mod lists;
mod memory;
mod patch;
mod postgres;
mod search;
mod start;

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
pub const ALL: [Part; 12] = [
    Part {
        name: "get",
        title: "Get by id",
        measure: get::measure,
    },
    Part {
        name: "latency",
        title: "Latency",
        measure: latency::measure,
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
    Part {
        name: "counts",
        title: "Counts",
        measure: counts::measure,
    },
    Part {
        name: "activity",
        title: "Activity",
        measure: activity::measure,
    },
    Part {
        name: "patch",
        title: "Single changes",
        measure: patch::measure,
    },
    Part {
        name: "import",
        title: "Import",
        measure: import::measure,
    },
    Part {
        name: "memory",
        title: "Memory",
        measure: memory::measure,
    },
    Part {
        name: "start",
        title: "Start",
        measure: start::measure,
    },
    Part {
        name: "postgres",
        title: "PostgreSQL behind it",
        measure: postgres::measure,
    },
    Part {
        name: "growth",
        title: "As it grows",
        measure: growth::measure,
    },
];

/// The part of this name.
pub fn named(name: &str) -> Option<&'static Part> {
    ALL.iter().find(|part| part.name == name)
}
