//! The filter language as data (RFC 7644 3.4.2.2, figure 1), and Entra's additions.
//!
//! ```text
//! filter     = operand *( ( "and" / "or" ) operand )       ; `and` binds tighter
//! operand    = [ "not" ] "(" filter ")" / attribute test / attribute "[" filter "]" [ "." name [ test ] ]
//! test       = "pr" / ( "eq" / "ne" / "co" / "sw" / "ew" / "gt" / "ge" / "lt" / "le" ) value
//! value      = a JSON string / number / true / false / null
//! ```
//!
//! Names, URNs, operators and words may be in any case. A test behind the brackets,
//! `emails[type eq "work"].value eq "x"`, is Entra's: it is made of the values that the brackets
//! let through. Brackets do not nest.
//!
//! What a filter means where the RFC leaves it open:
//! - *No value.* An attribute that is absent, null or unknown to every schema has no value. No
//!   value is not equal to any value, so only `ne` holds for it; `eq null` holds for it, and
//!   `ne null` does not. `not` turns whatever is inside it around.
//! - *Many values.* A test of a list holds if it holds for one of its values, `ne` included.
//! - *Complex attributes* are compared by their `value`: `members eq "u1"`, `manager eq "u2"`.
//! - *Texts* are compared without case unless the schema says otherwise; what no schema knows, too.
//! - *Booleans* may be written as text. That they, and binary values, cannot be above or below
//!   each other is an error, as is a `dateTime` that is none: silence would look like no result.
//!
//! A filter is a flat list of steps, each knowing how far to jump when its operand has settled the
//! matter. Nothing here recurses, so no text can exhaust the stack.

mod evaluate;
mod expression;
mod index;
mod parse;
mod print;
mod token;

use serde_json::Number;

use crate::error::{ScimError, ScimType};
use crate::path::{AttributePath, Path};
use crate::quirk::Quirk;
use crate::{Kind, Map};

pub(crate) use evaluate::folded;
pub use expression::{Expression, Join};
pub use index::{IndexAttribute, IndexTerm};

/// The longest filter that is read, in bytes.
pub const LENGTH_BYTES_MAX: usize = 8 * 1024;

/// The most parentheses and brackets that may be open at once.
pub const NESTING_MAX: usize = 32;

/// Why a text is not a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter: {message} at byte {position}")]
pub struct FilterError {
    /// The byte offset of the fault in the text, counted from 0; the text's length when something
    /// is missing at its end.
    pub position: usize,
    /// What is wrong, without the place. It quotes the text, but never more than a few words of it.
    pub message: String,
}

impl From<FilterError> for ScimError {
    fn from(error: FilterError) -> Self {
        Self::new(ScimType::InvalidFilter, error.to_string())
    }
}

/// A parsed filter.
///
/// It prints in one canonical form (canonical names, lower-case words, single spaces, only the
/// parentheses that matter), which parses to an equal filter; one that would then be over
/// [`LENGTH_BYTES_MAX`] or [`NESTING_MAX`] may be refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    expression: Expression<Condition>,
}

/// What stands in the brackets of a path: a filter on one value of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementFilter {
    expression: Expression<Comparison>,
}

/// One operand of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A test of an attribute.
    Attribute(Comparison),
    /// A test of the single values of a list, each by itself.
    Elements {
        /// The list.
        path: AttributePath,
        /// Which of its values.
        filter: ElementFilter,
        /// What has to hold for one of them as well; its path starts at the value.
        then: Option<Comparison>,
    },
}

/// A test of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The attribute; in brackets the way starts at the list's value.
    pub path: AttributePath,
    /// What has to hold.
    pub test: Test,
    /// The literal as the attribute's values are compared with it.
    prepared: Prepared,
}

/// What has to hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `pr`: there is a value, and it is not empty.
    Present,
    /// A value compared with a literal.
    Compare(Operator, Literal),
}

/// How a value is compared (RFC 7644 3.4.2.2, table 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`, equal.
    Eq,
    /// `ne`, not equal.
    Ne,
    /// `co`, contains.
    Co,
    /// `sw`, starts with.
    Sw,
    /// `ew`, ends with.
    Ew,
    /// `gt`, greater than.
    Gt,
    /// `ge`, greater than or equal.
    Ge,
    /// `lt`, less than.
    Lt,
    /// `le`, less than or equal.
    Le,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A text.
    Text(Box<str>),
    /// A number, and how it was written: serde_json does not always read back what it prints of a
    /// fraction.
    Number(Number, Box<str>),
    /// True or false.
    Boolean(bool),
    /// Null.
    Null,
}

/// A literal made ready, so that it is done once and not for every resource.
#[derive(Debug, Clone, PartialEq)]
enum Prepared {
    /// As it is.
    Exact,
    /// A text without case.
    Folded(Box<str>),
    /// Nanoseconds since 1970.
    Moment(i128),
}

impl Filter {
    /// Reads a filter on resources of a kind.
    ///
    /// # Errors
    /// Everything that the grammar does not have, a comparison that has no meaning, a text over
    /// [`LENGTH_BYTES_MAX`] or nested over [`NESTING_MAX`]. An unknown attribute is no error.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, FilterError> {
        parse::filter(text, kind).map(|expression| Self { expression })
    }

    /// Whether a resource passes. Once an operand has settled the matter the rest is not asked.
    pub fn matches(&self, resource: &Map) -> bool {
        self.expression.holds(|condition| condition.holds(resource))
    }

    /// A comparison that every resource which passes fulfils and that an index can answer; the
    /// filter has still to be asked about what the index finds.
    pub fn index_term(&self) -> Option<IndexTerm<'_>> {
        index::term(&self.expression)
    }

    /// The liberties that were taken in writing it.
    pub fn quirks(&self) -> Vec<Quirk> {
        let is_behind = |condition: &Condition| {
            let then = matches!(condition, Condition::Elements { then, .. } if then.is_some());
            then.then_some(Quirk::TestBehindBrackets)
        };
        self.expression
            .operands()
            .find_map(is_behind)
            .into_iter()
            .collect()
    }

    /// The operands and how they are joined.
    pub fn expression(&self) -> &Expression<Condition> {
        &self.expression
    }
}

impl ElementFilter {
    /// Whether a list's value passes.
    pub fn matches(&self, element: &serde_json::Value) -> bool {
        evaluate::element(&self.expression, element)
    }

    /// The tests and how they are joined.
    pub fn expression(&self) -> &Expression<Comparison> {
        &self.expression
    }
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    /// As it is written, for example `eq`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|operator| operator.name().eq_ignore_ascii_case(name))
    }

    /// Whether it asks which of two values is the greater one.
    fn is_ordering(self) -> bool {
        matches!(self, Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }
}

/// Reads the path of a PATCH, which shares the brackets with the filter.
pub(crate) fn parse_path(kind: Kind, text: &str) -> Result<Path, FilterError> {
    parse::path(text, kind)
}
