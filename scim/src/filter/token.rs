//! Cuts a filter's text into tokens. It does not know which token may follow which.

use super::FilterError;
use crate::error::shown;

/// One token; words and values borrow from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    /// An attribute, an operator, a number, or what somebody wrote in their place.
    Word(&'t str),
    /// A JSON string with its quotes; that its escapes are good is not known yet.
    Text(&'t str),
    /// The text is over.
    End,
}

impl Token<'_> {
    /// As an error says that it was met.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Open => "\"(\"".to_owned(),
            Self::Close => "\")\"".to_owned(),
            Self::OpenBracket => "\"[\"".to_owned(),
            Self::CloseBracket => "\"]\"".to_owned(),
            Self::Word(word) => shown(word),
            Self::Text(_) => "a value".to_owned(),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Reads tokens from left to right; after [`Token::End`] it keeps saying so.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    /// The next token and the byte where it starts.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'t>), FilterError> {
        let rest = self.text[self.position..].trim_start();
        let start = self.text.len() - rest.len();
        let (token, length) = match rest.chars().next() {
            None => (Token::End, 0),
            Some('(') => (Token::Open, 1),
            Some(')') => (Token::Close, 1),
            Some('[') => (Token::OpenBracket, 1),
            Some(']') => (Token::CloseBracket, 1),
            Some('"') => {
                let length = text_length(rest).ok_or_else(|| FilterError {
                    position: start,
                    message: "unclosed value".to_owned(),
                })?;
                (Token::Text(&rest[..length]), length)
            }
            Some(_) => {
                let length = rest.find(ends_word).unwrap_or(rest.len());
                (Token::Word(&rest[..length]), length)
            }
        };
        self.position = start + length;
        Ok((start, token))
    }
}

/// The length of the string at the start of the text, its quotes included.
fn text_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some(end + 2)
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '[' | ']' | '"')
}
