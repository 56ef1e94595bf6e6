//! Cuts a filter's text into tokens. It does not know which token may follow which.

use super::FilterError;

/// One token; words and values borrow from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Open,
    Close,
    /// An attribute, an operator, `and`, `or`, or what somebody wrote in their place.
    Word(&'t str),
    /// What stands between the quotes, escapes still in it but known to be good.
    Value(&'t str),
    /// The text is over.
    End,
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
        let rest = &self.text[self.position..];
        let rest = rest.trim_start_matches(is_space);
        let start = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.position = start;
            return Ok((start, Token::End));
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            quote if is_quote(quote) => {
                let value = self.value(start, quote)?;
                // The closing quote follows the value and may be of three bytes.
                let after = start + quote.len_utf8() + value.len();
                let closing = self.text[after..].chars().next().map_or(0, char::len_utf8);
                (Token::Value(value), after + closing - start)
            }
            control if control.is_control() => {
                let message = format!("unexpected character {control:?}");
                return Err(FilterError::new(self.text, start, message));
            }
            _ => {
                let end = rest.find(ends_word).unwrap_or(rest.len());
                (Token::Word(&rest[..end]), end)
            }
        };
        self.position = start + length;
        Ok((start, token))
    }

    /// The inside of the value whose opening quote stands at `start`, checked.
    fn value(&self, start: usize, opening: char) -> Result<&'t str, FilterError> {
        let inside = start + opening.len_utf8();
        let rest = &self.text[inside..];
        let mut characters = rest.char_indices();
        while let Some((offset, character)) = characters.next() {
            let position = inside + offset;
            match character {
                '\\' => match characters.next() {
                    Some((_, '"' | '\\')) => {}
                    Some((_, other)) => {
                        let other = other.escape_debug();
                        let escape = format!("unknown escape \\{other} (only \\\" and \\\\)");
                        return Err(FilterError::new(self.text, position, escape));
                    }
                    None => break,
                },
                // No stored text can hold it (PostgreSQL has no NUL in text), so it is a mistake
                // and not a value that nobody has.
                '\0' => {
                    let message = "unexpected character '\\0'".to_owned();
                    return Err(FilterError::new(self.text, position, message));
                }
                quote if closes(opening, quote) => return Ok(&rest[..offset]),
                _ => {}
            }
        }
        Err(FilterError::new(
            self.text,
            start,
            "unclosed value".to_owned(),
        ))
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201C}' | '\u{201D}')
}

/// A straight quote is closed only by a straight one, so that the typographic ones may stand
/// inside as characters. A typographic one is closed by any quote: editors that make them do not
/// always make both.
fn closes(opening: char, character: char) -> bool {
    if opening == '"' {
        character == '"'
    } else {
        is_quote(character)
    }
}

fn ends_word(character: char) -> bool {
    is_quote(character)
        || matches!(character, '(' | ')')
        || character.is_control()
        || is_space(character)
}
