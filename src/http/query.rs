//! Query strings and path segments, decoded strictly: what is not understood is refused, never
//! passed over.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::model::invalid::Invalid;

/// The parameters of a request, each named once.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string of which only `known` parameters may be part.
    pub fn parse(raw: Option<&str>, known: &[&str]) -> Result<Self, Invalid> {
        Self::read(raw.unwrap_or_default(), known, |name| {
            let reason = format!("{} is not a parameter of this resource", shown(name));
            Err(Invalid::new(shown(name), reason))
        })
    }

    /// Reads a form of which only `known` parameters count; others are passed over (RFC 6749 3.2).
    pub fn parse_form(raw: &str, known: &[&str]) -> Result<Self, Invalid> {
        Self::read(raw, known, |_| Ok(()))
    }

    fn read(
        raw: &str,
        known: &[&str],
        unknown: impl Fn(&str) -> Result<(), Invalid>,
    ) -> Result<Self, Invalid> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(&name.replace('+', " "))
                .map(Cow::into_owned)
                .ok_or_else(|| Invalid::new("query", "a parameter's name is not valid UTF-8"))?;
            if !known.contains(&name.as_str()) {
                unknown(&name)?;
                continue;
            }
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(Invalid::new(&name, format!("{name} is given twice")));
            }
            let value = decoded(&value.replace('+', " "))
                .map(Cow::into_owned)
                .ok_or_else(|| Invalid::new(&name, format!("{name} is not valid UTF-8")))?;
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter, if it is given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names that are given, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// What `parse` makes of a parameter, if it is given; what it refuses is refused as `must`.
    pub fn parsed<T>(
        &self,
        name: &str,
        must: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Invalid> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let refused = || Invalid::new(name, format!("{name} must be {must}"));
        parse(text).map(Some).ok_or_else(refused)
    }

    /// A page's size: `default` when it is not given, at most `most` whatever is asked for.
    pub fn page_size(&self, name: &str, default: usize, most: usize) -> Result<usize, Invalid> {
        let size = self.parsed(name, "a whole number from 1", |text| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // A number too long to read is over the most, whatever it is.
            is_number
                .then(|| text.parse::<usize>().unwrap_or(usize::MAX))
                .filter(|size| *size > 0)
        })?;
        Ok(size.unwrap_or(default).min(most))
    }
}

/// Percent-decoded text; `None` when an escape is cut or the bytes are no UTF-8.
pub fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    let mut rest = raw;
    while let Some((_, escape)) = rest.split_once('%') {
        let digits = escape.as_bytes().get(..2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = &escape[2..];
    }
    percent_decode(raw.as_bytes()).decode_utf8().ok()
}

/// Text of a stranger's as an error may repeat it: not too long, nothing a terminal acts upon.
pub fn shown(text: &str) -> String {
    const LENGTH_MAX: usize = 100;
    let mut shown: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(LENGTH_MAX)
        .collect();
    if text.chars().nth(LENGTH_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once_and_unknown_ones_refused() {
        let query =
            Query::parse(Some("q=J%C3%BCrgen+M&page_size=7&"), &["q", "page_size"]).unwrap();
        assert_eq!(query.get("q"), Some("Jürgen M"));
        assert_eq!(query.page_size("page_size", 100, 500), Ok(7));
        assert_eq!(query.page_size("size", 100, 500), Ok(100));
        for (raw, field) in [
            ("x=1", "x"),
            ("q=%ff", "q"),
            ("q=%4", "q"),
            ("q=%zz", "q"),
            ("q=1&q=2", "q"),
            ("%ff=1", "query"),
        ] {
            assert_eq!(
                Query::parse(Some(raw), &["q"]).unwrap_err().field,
                field,
                "{raw}"
            );
        }
    }

    #[test]
    fn a_page_size_is_a_positive_number_and_cut_to_the_most() {
        for (text, expected) in [
            ("1", Some(1)),
            ("501", Some(500)),
            ("99999999999999999999999999", Some(500)),
            ("0", None),
            ("-1", None),
            ("+1", None),
            ("", None),
            ("ten", None),
        ] {
            let query = Query(vec![("page_size".to_owned(), text.to_owned())]);
            assert_eq!(
                query.page_size("page_size", 100, 500).ok(),
                expected,
                "{text}"
            );
        }
    }
}
