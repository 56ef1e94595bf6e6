//! From text to a filter: by hand, in one pass, and without recursion.

use serde_json::Number;

use super::evaluate::prepare;
use super::expression::{Builder, Expression, Join};
use super::token::{Token, Tokens};
use super::{
    Comparison, Condition, ElementFilter, FilterError, LENGTH_BYTES_MAX, Literal, NESTING_MAX,
    Operator, Test,
};
use crate::error::shown;
use crate::path::{AttributePath, Fault, Path};
use crate::schema::Kind;

pub(super) fn filter(text: &str, kind: Kind) -> Result<Expression<Condition>, FilterError> {
    check_limits(text)?;
    let mut reader = Reader {
        tokens: Tokens::new(text),
        kind,
    };
    reader.joined(Token::End, |reader, at, word| reader.condition(at, word))
}

pub(super) fn path(text: &str, kind: Kind) -> Result<Path, FilterError> {
    check_limits(text)?;
    let mut reader = Reader {
        tokens: Tokens::new(text),
        kind,
    };
    let attribute = match reader.tokens.next()? {
        (at, Token::Word(word)) => reader.attribute(at, word)?,
        (at, token) => return Err(expected("an attribute", at, token)),
    };
    let (attribute, filter) = match reader.tokens.next()? {
        (_, Token::End) => {
            return Ok(Path {
                attribute,
                filter: None,
            });
        }
        (at, Token::OpenBracket) if attribute.sub_attribute().is_some() => {
            return Err(error(
                at,
                "a sub-attribute has no values to filter".to_owned(),
            ));
        }
        (_, Token::OpenBracket) => {
            let filter = reader.brackets(&attribute)?;
            match reader.tokens.next()? {
                (_, Token::End) => {
                    return Ok(Path {
                        attribute,
                        filter: Some(filter),
                    });
                }
                (at, Token::Word(word)) => {
                    let inner = reader.behind_brackets(&attribute, at, word)?;
                    let name = inner.attribute().expect("a name was read");
                    (attribute.clone().with_sub_attribute(name), filter)
                }
                (at, token) => return Err(expected("\".\" or the end", at, token)),
            }
        }
        (at, token) => return Err(expected("\"[\" or the end", at, token)),
    };
    match reader.tokens.next()? {
        (_, Token::End) => Ok(Path {
            attribute,
            filter: Some(filter),
        }),
        (at, token) => Err(expected("the end", at, token)),
    }
}

/// The limits hold before anything is built. A fault that stops the reading early is left for the
/// reader, which meets the same one.
fn check_limits(text: &str) -> Result<(), FilterError> {
    if text.len() > LENGTH_BYTES_MAX {
        let position = text.floor_char_boundary(LENGTH_BYTES_MAX);
        return Err(error(
            position,
            format!("longer than {LENGTH_BYTES_MAX} bytes"),
        ));
    }
    let mut tokens = Tokens::new(text);
    let mut depth = 0_usize;
    loop {
        match tokens.next() {
            Ok((position, Token::Open | Token::OpenBracket)) => {
                depth += 1;
                if depth > NESTING_MAX {
                    let message = format!("parentheses deeper than {NESTING_MAX}");
                    return Err(error(position, message));
                }
            }
            Ok((_, Token::Close | Token::CloseBracket)) => depth = depth.saturating_sub(1),
            Ok((_, Token::Word(_) | Token::Text(_))) => {}
            Ok((_, Token::End)) | Err(_) => return Ok(()),
        }
    }
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    kind: Kind,
}

impl<'t> Reader<'t> {
    /// Operands and their joins, up to and including the token `end`.
    fn joined<Operand>(
        &mut self,
        end: Token<'t>,
        mut operand: impl FnMut(&mut Self, usize, &'t str) -> Result<Operand, FilterError>,
    ) -> Result<Expression<Operand>, FilterError> {
        let mut builder = Builder::new();
        // Where the open parentheses stand.
        let mut open: Vec<usize> = vec![];
        loop {
            match self.tokens.next()? {
                (at, Token::Open) => {
                    builder.open(false);
                    open.push(at);
                    continue;
                }
                (_, Token::Word(word)) if word.eq_ignore_ascii_case("not") => {
                    match self.tokens.next()? {
                        (at, Token::Open) => open.push(at),
                        (at, token) => return Err(expected("\"(\" after \"not\"", at, token)),
                    }
                    builder.open(true);
                    continue;
                }
                (at, Token::Word(word)) => builder.operand(operand(self, at, word)?),
                (at, token) => return Err(expected("a comparison", at, token)),
            }
            loop {
                let (at, token) = self.tokens.next()?;
                match token {
                    Token::Close if open.pop().is_some() => builder.close(),
                    Token::Close => return Err(error(at, "parenthesis closes nothing".to_owned())),
                    Token::Word(word) if word.eq_ignore_ascii_case("and") => {
                        builder.join(Join::And);
                        break;
                    }
                    Token::Word(word) if word.eq_ignore_ascii_case("or") => {
                        builder.join(Join::Or);
                        break;
                    }
                    token if token == end => {
                        return match open.pop() {
                            Some(at) => Err(error(at, "unclosed parenthesis".to_owned())),
                            None => Ok(builder.finish()),
                        };
                    }
                    token => return Err(expected("\"and\" or \"or\"", at, token)),
                }
            }
        }
    }

    /// A comparison, or brackets and perhaps a comparison behind them.
    fn condition(&mut self, at: usize, word: &str) -> Result<Condition, FilterError> {
        let path = self.attribute(at, word)?;
        match self.tokens.next()? {
            (at, Token::Word(word)) => self.comparison(path, at, word).map(Condition::Attribute),
            (_, Token::OpenBracket) => {
                let filter = self.brackets(&path)?;
                let mut ahead = self.tokens.clone();
                let then = match ahead.next() {
                    Ok((at, Token::Word(word))) if word.starts_with('.') => {
                        self.tokens = ahead;
                        let inner = self.behind_brackets(&path, at, word)?;
                        Some(match self.tokens.next()? {
                            (at, Token::Word(word)) => self.comparison(inner, at, word)?,
                            (at, token) => return Err(expected("an operator", at, token)),
                        })
                    }
                    _ => None,
                };
                Ok(Condition::Elements { path, filter, then })
            }
            (at, token) => Err(expected("an operator", at, token)),
        }
    }

    /// What stands in brackets whose opening has been read, and their end.
    fn brackets(&mut self, list: &AttributePath) -> Result<ElementFilter, FilterError> {
        let parent = list.sub().or(list.top());
        let expression = self.joined(Token::CloseBracket, |reader, at, word| {
            let path = AttributePath::read_inside(parent, word);
            let path = path.map_err(|fault| misnamed(at, fault))?;
            match reader.tokens.next()? {
                (at, Token::Word(word)) => reader.comparison(path, at, word),
                (at, token) => Err(expected("an operator", at, token)),
            }
        })?;
        Ok(ElementFilter { expression })
    }

    /// The `.value` behind brackets, as a way from the list's value.
    fn behind_brackets(
        &self,
        list: &AttributePath,
        at: usize,
        word: &str,
    ) -> Result<AttributePath, FilterError> {
        let Some(name) = word.strip_prefix('.') else {
            return Err(expected("\".\"", at, Token::Word(word)));
        };
        if let Some(dot) = name.find([':', '.']) {
            return Err(error(
                at + 1 + dot,
                "one sub-attribute is the most".to_owned(),
            ));
        }
        let path = AttributePath::read_inside(list.top(), name);
        path.map_err(|fault| misnamed(at + 1, fault))
    }

    /// An operator, which has been read, and what the attribute is compared with.
    fn comparison(
        &mut self,
        path: AttributePath,
        at: usize,
        word: &str,
    ) -> Result<Comparison, FilterError> {
        if word.eq_ignore_ascii_case("pr") {
            let (test, prepared) = (Test::Present, super::Prepared::Exact);
            return Ok(Comparison {
                path,
                test,
                prepared,
            });
        }
        let operator = Operator::from_name(word).ok_or_else(|| {
            let word = shown(word);
            error(
                at,
                format!("unknown operator {word} (only pr, eq, ne, co, sw, ew, gt, ge, lt, le)"),
            )
        })?;
        let (at, literal) = self.literal()?;
        let leaf = path.leaf();
        let case_exact = leaf.is_some_and(|leaf| leaf.case_exact);
        let prepared = prepare(leaf.map(|leaf| leaf.kind), case_exact, operator, &literal);
        let prepared = prepared.map_err(|message| error(at, message))?;
        Ok(Comparison {
            path,
            test: Test::Compare(operator, literal),
            prepared,
        })
    }

    fn literal(&mut self) -> Result<(usize, Literal), FilterError> {
        let (at, token) = self.tokens.next()?;
        let literal = match token {
            Token::Text(raw) => match serde_json::from_str(raw) {
                Ok(text) => Literal::Text(text),
                Err(_) => return Err(error(at, "the value is not a JSON string".to_owned())),
            },
            Token::Word(word) => literal_word(word)
                .ok_or_else(|| expected("a value (a text stands in double quotes)", at, token))?,
            token => {
                return Err(expected(
                    "a value (a text stands in double quotes)",
                    at,
                    token,
                ));
            }
        };
        Ok((at, literal))
    }

    fn attribute(&self, at: usize, word: &str) -> Result<AttributePath, FilterError> {
        AttributePath::read(self.kind, word).map_err(|fault| misnamed(at, fault))
    }
}

fn literal_word(word: &str) -> Option<Literal> {
    if word.eq_ignore_ascii_case("null") {
        return Some(Literal::Null);
    }
    for boolean in [true, false] {
        if word.eq_ignore_ascii_case(if boolean { "true" } else { "false" }) {
            return Some(Literal::Boolean(boolean));
        }
    }
    let number: Number = serde_json::from_str(word).ok()?;
    Some(Literal::Number(number, word.into()))
}

fn misnamed(at: usize, fault: Fault) -> FilterError {
    error(at + fault.position, fault.message)
}

fn expected(wanted: &str, position: usize, found: Token<'_>) -> FilterError {
    error(
        position,
        format!("{wanted} is expected instead of {}", found.shown()),
    )
}

fn error(position: usize, message: String) -> FilterError {
    FilterError { position, message }
}
