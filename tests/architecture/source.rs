//! Rust source as a flat list of words, marks and texts: just enough reading for the rules.
//!
//! Comments and doc comments are dropped, and so is everything under `#[cfg(test)]`: the rules are
//! about the product. It does not know Rust's grammar, only where strings, comments and items end.

/// What a token is. A text keeps what stands between its quotes, escapes untouched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A string literal, raw or not, bytes or not.
    Text,
    /// `::`, or any other single character.
    Mark,
}

/// One token and the line (from 1) where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// One file: its path from the root (`src/store/users.rs`), its length and its tokens.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) lines: usize,
    pub(crate) tokens: Vec<Token>,
    /// Modules declared as `#[cfg(test)] mod name;`: their files are tests too.
    test_modules: Vec<String>,
}

impl Source {
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let (tokens, test_modules) = without_tests(&tokens(text));
        Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            tokens,
            test_modules,
        }
    }

    /// The module path: `src/store/users.rs` is `["store", "users"]`, `src/lib.rs` is `[]`.
    pub(crate) fn module(&self) -> Vec<&str> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<&str> = inner.split('/').collect();
        let last = parts.last().copied();
        if last == Some("mod") || (parts.len() == 1 && matches!(last, Some("lib" | "main"))) {
            parts.pop();
        }
        parts
    }

    /// Whether the file is, or lies below, a module that another file declares only for tests.
    pub(crate) fn is_test_of(&self, other: &Source) -> bool {
        let (module, parent) = (self.module(), other.module());
        module.len() > parent.len()
            && module.starts_with(&parent)
            && other
                .test_modules
                .iter()
                .any(|name| name == module[parent.len()])
    }

    /// Every path that starts with `head`, with its line; use-groups are taken apart, so
    /// `std::{fs, net::TcpStream}` gives `std::fs` and `std::net::TcpStream`.
    pub(crate) fn paths(&self, head: &str) -> Vec<(Vec<String>, usize)> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            if self.tokens[at].is(head) && starts_path(&self.tokens, at) {
                expand(&self.tokens, at, &mut Vec::new(), &mut found);
            }
        }
        found
    }
}

/// Whether the word at `at` begins a path; `::std`, `use ::std` and `self::super` count as well.
pub(crate) fn starts_path(tokens: &[Token], at: usize) -> bool {
    if at == 0 || !tokens[at - 1].is("::") {
        return true;
    }
    let Some(before) = at.checked_sub(2).map(|before| &tokens[before]) else {
        return true;
    };
    let is_keyword = ["self", "use", "return"]
        .iter()
        .any(|keyword| before.is(keyword));
    is_keyword || before.kind != Kind::Word
}

/// Reads one path from `at`, adds what it names to `found`, and says where the reading stopped.
pub(crate) fn expand(
    tokens: &[Token],
    at: usize,
    prefix: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let Some(token) = tokens.get(at) else {
        return at;
    };
    if token.is("{") {
        let mut next = at + 1;
        while tokens.get(next).is_some_and(|token| !token.is("}")) {
            // Whatever follows a path (`,` or `as name`) is stepped over a token at a time.
            next = match tokens[next].kind {
                Kind::Word if !tokens[next - 1].is("as") && !tokens[next].is("as") => {
                    expand(tokens, next, prefix, found)
                }
                Kind::Mark if tokens[next].is("*") => expand(tokens, next, prefix, found),
                _ => next + 1,
            };
        }
        return next + 1;
    }
    prefix.push(token.text.clone());
    let goes_on = tokens.get(at + 1).is_some_and(|token| token.is("::"))
        && tokens
            .get(at + 2)
            .is_some_and(|t| t.kind == Kind::Word || t.is("{") || t.is("*"));
    let end = if goes_on {
        expand(tokens, at + 2, prefix, found)
    } else {
        found.push((prefix.clone(), token.line));
        at + 1
    };
    prefix.pop();
    end
}

/// The index just after the bracket that closes the one at `open`.
pub(crate) fn after_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is("(") || token.is("[") || token.is("{") {
            depth += 1;
        } else if token.is(")") || token.is("]") || token.is("}") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

/// Drops every item under `#[cfg(test)]` or `#[cfg(all(test, …))]`, and names the modules among
/// them whose body is in another file.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut modules) = (Vec::with_capacity(tokens.len()), Vec::new());
    let starts = |at: usize, marks: &[&str]| {
        marks
            .iter()
            .enumerate()
            .all(|(n, mark)| tokens.get(at + n).is_some_and(|t| t.is(mark)))
    };
    let mut at = 0;
    while at < tokens.len() {
        let is_test = starts(at, &["#", "[", "cfg", "(", "test", ")"])
            || starts(at, &["#", "[", "cfg", "(", "all", "(", "test"]);
        if !is_test {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        while starts(at, &["#", "["]) {
            at = after_group(tokens, at + 1);
        }
        // An item ends with its body or, having none, with its semicolon; a field of a struct, at
        // the latest with the struct.
        while at < tokens.len() && !["{", ";", "}"].iter().any(|end| tokens[at].is(end)) {
            if starts(at, &["mod"]) && starts(at + 2, &[";"]) {
                modules.push(tokens[at + 1].text.clone());
            }
            let opens = starts(at, &["("]) || starts(at, &["["]);
            at = if opens {
                after_group(tokens, at)
            } else {
                at + 1
            };
        }
        if starts(at, &["{"]) {
            at = after_group(tokens, at);
        } else if starts(at, &[";"]) {
            at += 1;
        }
    }
    (kept, modules)
}

fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        tokens: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    /// Takes `length` bytes; as a token of `kind` whose text is `shown`, or as nothing.
    fn take(&mut self, length: usize, token: Option<(Kind, &str)>) {
        if let Some((kind, shown)) = token {
            self.tokens.push(Token {
                kind,
                text: shown.to_owned(),
                line: self.line,
            });
        }
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
    }

    fn step(&mut self) {
        let rest = self.rest;
        let first = rest
            .chars()
            .next()
            .expect("`tokens` stops at the end of the text");
        if rest.starts_with("//") {
            self.take(rest.find('\n').unwrap_or(rest.len()), None);
        } else if rest.starts_with("/*") {
            self.take(block_comment(rest), None);
        } else if let Some((length, shown)) = string(rest) {
            self.take(length, Some((Kind::Text, shown)));
        } else if first == '\'' {
            self.take(quote(rest), None);
        } else if first.is_alphanumeric() || first == '_' {
            let raw = if rest.starts_with("r#") { 2 } else { 0 };
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest[raw..]
                .find(|c| !is_word(c))
                .map_or(rest.len(), |end| raw + end);
            self.take(length, Some((Kind::Word, &rest[raw..length])));
        } else if first.is_whitespace() {
            self.take(first.len_utf8(), None);
        } else {
            let length = if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            self.take(length, Some((Kind::Mark, &rest[..length])));
        }
    }
}

/// The length of a block comment; Rust's nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let step = match text.as_bytes()[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// A string literal at the start of the text: its whole length, and what is between the quotes.
fn string(text: &str) -> Option<(usize, &str)> {
    let prefix = text.find(|c| !matches!(c, 'b' | 'c' | 'r'))?;
    if !matches!(&text[..prefix], "" | "b" | "c" | "r" | "br" | "cr") {
        return None;
    }
    let raw = text[..prefix].ends_with('r');
    let hashes = if raw {
        text[prefix..].find(|c| c != '#')?
    } else {
        0
    };
    let open = prefix + hashes;
    let body = text[open..].strip_prefix('"')?;
    let length = if raw {
        body.find(&format!("\"{}", "#".repeat(hashes)))
            .unwrap_or(body.len())
    } else {
        unescaped_quote(body)
    };
    Some((
        (open + 1 + length + 1 + hashes).min(text.len()),
        &body[..length],
    ))
}

fn unescaped_quote(body: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    body.len()
}

/// The length of a character literal, or of a lifetime's quote alone (its name is then a word).
fn quote(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((after, _))) => {
            let from = text.len().min(after + 1);
            text[from..]
                .find('\'')
                .map_or(text.len(), |end| from + end + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}
