//! What is written by hand about each operation: `texts/operations.toml`, whose head explains the
//! fields. Nothing that follows from the route table is there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The group that it is shown in.
    pub tag: String,
    /// What it is for, in a few words.
    pub summary: String,
    /// Where its contract is written.
    pub source: Option<String>,
    /// What a caller should know, Markdown.
    #[serde(default)]
    pub description: String,
    /// The query's parameters, by their names among the components.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// The schema of the request's body.
    pub body: Option<String>,
    /// Whether the body may be left out.
    #[serde(default)]
    pub body_optional: bool,
    /// The media types of the body.
    #[serde(default = "json_alone")]
    pub body_types: Vec<String>,
    /// What it answers when all is well.
    pub answers: Vec<Answer>,
    /// Whether its answer has a tag.
    #[serde(default)]
    pub tagged: bool,
    /// When it answers 409.
    pub conflict: Option<String>,
    /// When it answers 404, where that does not follow from the path.
    pub missing: Option<String>,
    /// What it says of a body that is too long, where that is another length than most bodies'.
    pub too_large: Option<String>,
    /// Whether a `POST` bears no idempotency key, since doing it twice changes nothing.
    #[serde(default)]
    pub keyless: bool,
    /// The query of the example call.
    pub example: Option<String>,
}

/// One answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The schema of a JSON body.
    pub schema: Option<String>,
    /// The media type of a body without a schema.
    pub media_type: Option<String>,
    /// What it says.
    pub says: String,
    /// Whether it names a place.
    #[serde(default)]
    pub located: bool,
}

fn json_alone() -> Vec<String> {
    vec!["application/json".to_owned()]
}

/// All entries, by the names of the operations.
pub fn entries() -> &'static BTreeMap<String, Entry> {
    static ENTRIES: LazyLock<BTreeMap<String, Entry>> = LazyLock::new(|| {
        toml::from_str(include_str!("texts/operations.toml"))
            .expect("the file is part of the program and tested")
    });
    &ENTRIES
}
