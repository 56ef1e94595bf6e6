//! From text to a [`Filter`]: by hand, in one pass, and without recursion.

use super::token::{Token, Tokens};
use super::{Attribute, Filter, FilterError, Join, Operator, Term, Value};
use super::{LENGTH_BYTES_MAX, NESTING_MAX, link};

pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    check_limits(text)?;
    let parser = Parser {
        text,
        tokens: Tokens::new(text),
        terms: vec![],
        open: vec![],
    };
    let mut terms = parser.run()?;
    link(&mut terms);
    Ok(Filter { terms })
}

/// The limits hold before anything is built. A fault that stops the reading early is left for the
/// parser, which meets the same one.
fn check_limits(text: &str) -> Result<(), FilterError> {
    if text.len() > LENGTH_BYTES_MAX {
        let position = text.floor_char_boundary(LENGTH_BYTES_MAX);
        let message = format!("longer than {LENGTH_BYTES_MAX} bytes");
        return Err(FilterError::new(text, position, message));
    }
    let mut tokens = Tokens::new(text);
    let mut depth = 0_usize;
    loop {
        match tokens.next() {
            Ok((position, Token::Open)) => {
                depth += 1;
                if depth > NESTING_MAX {
                    let message = format!("parentheses deeper than {NESTING_MAX}");
                    return Err(FilterError::new(text, position, message));
                }
            }
            Ok((_, Token::Close)) => depth = depth.saturating_sub(1),
            Ok((_, Token::Word(_) | Token::Value(_))) => {}
            Ok((_, Token::End)) | Err(_) => return Ok(()),
        }
    }
}

/// A pair of parentheses while it is being read.
struct Group {
    /// Where it opens in the text.
    position: usize,
    /// The term that it opens before.
    first: usize,
    /// Whether the word `and` stands right before it.
    after_and: bool,
    /// Whether it holds an `or` of its own, or one whose parentheses were not needed.
    has_or: bool,
}

struct Parser<'t> {
    text: &'t str,
    tokens: Tokens<'t>,
    terms: Vec<Term>,
    /// The groups still open, outermost first; never more than [`NESTING_MAX`].
    open: Vec<Group>,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Vec<Term>, FilterError> {
        let mut join = Join::First;
        loop {
            self.operand(join)?;
            match self.joint()? {
                Some(next) => join = next,
                None => return Ok(self.terms),
            }
        }
    }

    /// Any opening parentheses, then a comparison.
    fn operand(&mut self, join: Join) -> Result<(), FilterError> {
        let mut after_and = join == Join::And;
        loop {
            match self.tokens.next()? {
                (position, Token::Open) => {
                    let first = self.terms.len();
                    self.open.push(Group {
                        position,
                        first,
                        after_and,
                        has_or: false,
                    });
                    after_and = false;
                }
                (position, Token::Word(word)) => {
                    let term = self.comparison(position, word, join)?;
                    self.terms.push(term);
                    return Ok(());
                }
                (position, token) => return Err(self.expected("a comparison", position, token)),
            }
        }
    }

    fn comparison(&mut self, at: usize, word: &str, join: Join) -> Result<Term, FilterError> {
        let attribute = Attribute::from_path(word)
            .ok_or_else(|| self.error(at, format!("unknown attribute {}", shown(word))))?;
        let operator = match self.tokens.next()? {
            (position, Token::Word(word)) => Operator::from_name(word).ok_or_else(|| {
                let message = format!("unknown operator {} (only eq, ne, gt, lt)", shown(word));
                self.error(position, message)
            })?,
            (position, token) => return Err(self.expected("an operator", position, token)),
        };
        let value = match self.tokens.next()? {
            (position, Token::Value(raw)) => self.value(position, attribute, raw)?,
            (position, token) => {
                return Err(self.expected("a value in double quotes", position, token));
            }
        };
        Ok(Term::new(join, attribute, operator, value))
    }

    fn value(&self, at: usize, attribute: Attribute, raw: &str) -> Result<Value, FilterError> {
        let text = unescape(raw);
        if !attribute.is_time() {
            return Ok(Value::Text(text));
        }
        let nanoseconds = nanoseconds(&text).ok_or_else(|| {
            let name = shown(&text);
            self.error(
                at,
                format!("{name} is not a time such as \"2023-05-14T09:30:00Z\""),
            )
        })?;
        Ok(Value::Time { text, nanoseconds })
    }

    /// Any closing parentheses, then `and`, `or` or the end (none).
    fn joint(&mut self) -> Result<Option<Join>, FilterError> {
        // A closed group whose parentheses may still turn out to be needed: that depends on
        // whether `and` follows.
        let mut closed: Option<Group> = None;
        loop {
            let (position, token) = self.tokens.next()?;
            let join = match token {
                Token::Close | Token::End => None,
                Token::Word(word) if word.eq_ignore_ascii_case("and") => Some(Join::And),
                Token::Word(word) if word.eq_ignore_ascii_case("or") => Some(Join::Or),
                other => return Err(self.expected("\"and\" or \"or\"", position, other)),
            };
            if let Some(group) = closed.take() {
                self.settle(&group, join == Some(Join::And));
            }
            match (token, self.open.last_mut()) {
                (Token::Close, Some(_)) => closed = self.open.pop(),
                (Token::Close, None) => {
                    return Err(self.error(position, "parenthesis closes nothing".to_owned()));
                }
                (Token::End, Some(group)) => {
                    let position = group.position;
                    return Err(self.error(position, "unclosed parenthesis".to_owned()));
                }
                (_, Some(group)) => {
                    group.has_or |= join == Some(Join::Or);
                    return Ok(join);
                }
                (_, None) => return Ok(join),
            }
        }
    }

    /// Keeps a group's parentheses if they change the meaning, which is only when they hold an
    /// `or` beside an `and`. Without the others, filters that differ in idle parentheses are equal.
    fn settle(&mut self, group: &Group, before_and: bool) {
        if !group.has_or {
            return;
        }
        if group.after_and || before_and {
            self.terms[group.first].opens += 1;
            let last = self
                .terms
                .last_mut()
                .expect("a group closes after a comparison");
            last.closes += 1;
        } else if let Some(outer) = self.open.last_mut() {
            outer.has_or = true;
        }
    }

    fn expected(&self, wanted: &str, position: usize, found: Token<'_>) -> FilterError {
        let found = match found {
            Token::Open => "\"(\"".to_owned(),
            Token::Close => "\")\"".to_owned(),
            Token::Word(word) => shown(word),
            Token::Value(_) => "a value".to_owned(),
            Token::End => "the end".to_owned(),
        };
        let message = format!("{wanted} is expected instead of {found}");
        self.error(position, message)
    }

    fn error(&self, position: usize, message: String) -> FilterError {
        FilterError::new(self.text, position, message)
    }
}

/// What somebody wrote, quoted for a sentence: short, and without control characters.
fn shown(word: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    match word.char_indices().nth(CHARACTERS_MAX) {
        Some((cut, _)) => format!("{:?}", format!("{}…", &word[..cut])),
        None => format!("{word:?}"),
    }
}

/// The value itself; that each backslash begins a good escape was seen when the token was cut.
fn unescape(raw: &str) -> Box<str> {
    let mut value = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        value.extend(if character == '\\' {
            characters.next()
        } else {
            Some(character)
        });
    }
    value.into_boxed_str()
}

/// Nanoseconds since 1970 of a time as RFC 3339 (5.6) writes it.
///
/// jiff's own timestamps are read more widely (no seconds, no colons, a zone in brackets) and end
/// a day before the year 9999 does, which people write for "never". So the shape is checked here,
/// jiff knows the calendar, and the offset is taken off here.
fn nanoseconds(text: &str) -> Option<i128> {
    const SECONDS: &str = "dddd-dd-ddTdd:dd:dd";
    const NANOSECONDS_PER_MINUTE: i128 = 60_000_000_000;
    let (seconds, rest) = text.split_at_checked(SECONDS.len())?;
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    if !has_shape(seconds, SECONDS) {
        return None;
    }
    let local = text.strip_suffix(offset)?;
    // A day that no month has, and a fraction of no digits or of more than nine, are refused here.
    let local = local.parse::<jiff::civil::DateTime>().ok()?;
    let epoch = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let minutes_east = i128::from(offset_minutes(offset)?);
    Some(local.duration_since(epoch).as_nanos() - minutes_east * NANOSECONDS_PER_MINUTE)
}

/// Minutes east of Greenwich of `Z` or `+02:00`.
fn offset_minutes(offset: &str) -> Option<i32> {
    if offset.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    if !has_shape(offset, "+dd:dd") {
        return None;
    }
    let hours: i32 = offset[1..3].parse().ok()?;
    let minutes: i32 = offset[4..].parse().ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Whether the text is written like the shape: `d` is a digit, `+` a sign, `T` of either case.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                b'+' => byte == b'+' || byte == b'-',
                _ => byte.eq_ignore_ascii_case(&wanted),
            })
}
