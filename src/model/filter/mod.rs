//! The Identity Gateway's filter language as data (Identity Gateway, List, `filter`).
//!
//! ```text
//! filter     = operand *( ( "and" / "or" ) operand )      ; `and` binds tighter
//! operand    = comparison / "(" filter ")"
//! comparison = attribute ( "eq" / "ne" / "gt" / "lt" ) value
//! value      = quote *( character / `\"` / `\\` ) quote    ; any other escape is an error
//! ```
//!
//! Attribute names, operators and the two words may be in any case; values are exact. Between
//! tokens stand spaces, tabs and line ends, which are needed only between two words. A value that
//! opens with `"` closes with `"`, and typographic quotes inside it are characters like any other;
//! one that opens with `“` or `”` closes at the next `“`, `”` or `"`.
//!
//! A filter is a flat list of comparisons, each knowing where to go when it holds and when it does
//! not. Nothing here recurses, so no text can exhaust the stack, and no comparison is made twice.
//!
//! What is not here: SCIM's filters (a larger language), any choice of index, and the request's
//! parameter (a missing `filter` is the caller's to see; an empty one is an error here).

mod attribute;
mod parse;
mod token;

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter, Write};

pub use attribute::Attribute;

/// The longest filter that is read, in bytes.
pub const LENGTH_BYTES_MAX: usize = 8 * 1024;

/// The most parentheses that may be open at once.
pub const NESTING_MAX: usize = 32;

/// Why a text is not a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter: {message} at character {character}")]
pub struct FilterError {
    /// The byte offset of the fault in the text, counted from 0; the text's length when something
    /// is missing at its end.
    pub position: usize,
    /// The same place for people: characters, counted from 1.
    pub character: usize,
    /// What is wrong, without the place. It quotes the text, but never more than a few words of it.
    pub message: String,
}

impl FilterError {
    fn new(text: &str, position: usize, message: String) -> Self {
        Self {
            position,
            character: text[..position].chars().count() + 1,
            message,
        }
    }
}

/// What a filter asks about: one user as the gateway would show it.
///
/// `None` is an attribute that would be left out of the answer. Only `ne` holds for it: an absent
/// department is not `Sales`, and it is neither equal to, above nor below anything.
pub trait Subject {
    /// The value of an attribute that is not [a time](Attribute::is_time).
    fn text(&self, attribute: Attribute) -> Option<&str>;

    /// The value of an attribute that is [a time](Attribute::is_time), in milliseconds since 1970.
    ///
    /// The gateway shows whole seconds, and a filter must agree with what is shown: the subject
    /// hands in a time already cut to the whole second. Otherwise a reader that asks for
    /// `last_updated_at gt` the newest second it has seen would get the same users again for ever.
    fn time(&self, attribute: Attribute) -> Option<i64>;
}

/// A parsed filter.
///
/// It prints in one canonical form (lower-case words, single spaces, straight quotes, only the
/// parentheses that matter), which parses to an equal filter; one that would then be over
/// [`LENGTH_BYTES_MAX`] prints without the spaces that are not needed. Equal means the same
/// comparisons joined the same way, with the same values letter for letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// In the order of the text; never empty.
    terms: Vec<Term>,
}

/// One comparison and its place among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    /// The word before it, and before the parentheses that open at it.
    join: Join,
    /// How many parentheses open right before it.
    opens: u8,
    attribute: Attribute,
    operator: Operator,
    value: Value,
    /// How many parentheses close right after it.
    closes: u8,
    /// Which term decides next if this one holds, and if it does not; always a later one, or
    /// [`ACCEPT`] or [`REJECT`].
    when_true: u16,
    when_false: u16,
}

/// Not terms but outcomes: 8 KiB hold far fewer terms than that.
const ACCEPT: u16 = u16::MAX;
const REJECT: u16 = u16::MAX - 1;
const _: () = assert!(LENGTH_BYTES_MAX < REJECT as usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// Nothing stands before the first term.
    First,
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Eq,
    Ne,
    Gt,
    Lt,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(Box<str>),
    /// The text is kept for printing. Milliseconds would not do: `…00Z` is before `…00.0005Z`.
    Time {
        text: Box<str>,
        nanoseconds: i128,
    },
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Everything that the grammar does not have, an attribute or operator that is not known, a
    /// time that is not RFC 3339, a text over [`LENGTH_BYTES_MAX`] or nested over [`NESTING_MAX`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text)
    }

    /// Whether the subject passes. Each comparison is made at most once, and not at all when an
    /// earlier one has settled the matter.
    pub fn matches(&self, subject: &impl Subject) -> bool {
        let mut next = 0;
        while let Some(term) = self.terms.get(usize::from(next)) {
            next = if term.holds(subject) {
                term.when_true
            } else {
                term.when_false
            };
        }
        next == ACCEPT
    }
}

impl Term {
    fn new(join: Join, attribute: Attribute, operator: Operator, value: Value) -> Self {
        let (when_true, when_false) = (ACCEPT, REJECT);
        Self {
            join,
            opens: 0,
            attribute,
            operator,
            value,
            closes: 0,
            when_true,
            when_false,
        }
    }

    fn holds(&self, subject: &impl Subject) -> bool {
        const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;
        let ordering = match &self.value {
            Value::Text(text) => subject.text(self.attribute).map(|found| found.cmp(text)),
            Value::Time { nanoseconds, .. } => subject
                .time(self.attribute)
                .map(|found| (i128::from(found) * NANOSECONDS_PER_MILLISECOND).cmp(nanoseconds)),
        };
        match self.operator {
            Operator::Eq => ordering == Some(Ordering::Equal),
            Operator::Ne => ordering != Some(Ordering::Equal),
            Operator::Gt => ordering == Some(Ordering::Greater),
            Operator::Lt => ordering == Some(Ordering::Less),
        }
    }
}

impl Operator {
    const ALL: [Self; 4] = [Self::Eq, Self::Ne, Self::Gt, Self::Lt];

    fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Lt => "lt",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name().eq_ignore_ascii_case(name))
    }
}

/// Where an open group leads, while [`link`] walks through it from its end.
#[derive(Clone, Copy)]
struct Level {
    /// Where the whole group leads if it holds.
    accept: u16,
    /// Where the operand at hand leads.
    when_true: u16,
    when_false: u16,
}

/// Tells each term which one decides next. Going backwards, what follows is always known already.
fn link(terms: &mut [Term]) {
    let mut level = Level {
        accept: ACCEPT,
        when_true: ACCEPT,
        when_false: REJECT,
    };
    let mut outer = Vec::new();
    for (index, term) in terms.iter_mut().enumerate().rev() {
        for _ in 0..term.closes {
            outer.push(level);
            level.accept = level.when_true;
        }
        (term.when_true, term.when_false) = (level.when_true, level.when_false);
        for _ in 0..term.opens {
            level = outer.pop().expect("the parser has paired the parentheses");
        }
        let index = u16::try_from(index).expect("every term takes more than a byte of 8 KiB");
        match term.join {
            Join::First => {}
            // What stands before an `and` needs this operand too; failing, it fails alike.
            Join::And => level.when_true = index,
            // What stands before an `or` settles the group, or leaves it to this operand.
            Join::Or => (level.when_true, level.when_false) = (level.accept, index),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        // Spaces that the text did without could make it longer than what is read. Such a filter
        // prints without them, so that what was printed can always be parsed.
        let gap = if self.spaced_length() > LENGTH_BYTES_MAX {
            ""
        } else {
            " "
        };
        for term in &self.terms {
            write_term(formatter, term, gap)?;
        }
        Ok(())
    }
}

impl Filter {
    /// The length of the canonical form with all its spaces, in bytes.
    fn spaced_length(&self) -> usize {
        struct Length(usize);
        impl Write for Length {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0 += text.len();
                Ok(())
            }
        }
        let mut length = Length(0);
        for term in &self.terms {
            write_term(&mut length, term, " ").expect("counting cannot fail");
        }
        length.0
    }
}

/// Writes one term; `gap` stands where a space is not needed.
fn write_term(out: &mut impl Write, term: &Term, gap: &str) -> fmt::Result {
    // Between a word and a word the space is needed, between a word and a parenthesis it is not.
    let before_operand = if term.opens > 0 { gap } else { " " };
    match term.join {
        Join::First => {}
        Join::And => write!(out, "{gap}and{before_operand}")?,
        Join::Or => write!(out, "{gap}or{before_operand}")?,
    }
    for _ in 0..term.opens {
        out.write_char('(')?;
    }
    write!(
        out,
        "{} {}{gap}\"",
        term.attribute.path(),
        term.operator.name()
    )?;
    let (Value::Text(text) | Value::Time { text, .. }) = &term.value;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.write_char('\\')?;
        }
        out.write_char(character)?;
    }
    out.write_char('"')?;
    for _ in 0..term.closes {
        out.write_char(')')?;
    }
    Ok(())
}
