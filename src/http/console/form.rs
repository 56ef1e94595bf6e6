//! What a form says, or the address of a page: fields by name, some of them several times.

use crate::http::query::{decoded, shown};
use crate::model::invalid::Invalid;

/// Fields that are read at most.
const FIELDS_MAX: usize = 5_000;

/// Fields and their values, in their order. A field without a value is as one that is not there: a
/// form sends every field that it shows.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads fields of which only `known` ones may be given.
    pub fn parse(raw: &str, known: &[&str]) -> Result<Self, Invalid> {
        let form = Self::read(raw)?;
        form.only(known)?;
        Ok(form)
    }

    /// Reads whatever fields there are.
    pub fn read(raw: &str) -> Result<Self, Invalid> {
        let text = |raw: &str| {
            let decoded = decoded(&raw.replace('+', " ")).map(|text| text.into_owned());
            decoded.ok_or_else(|| Invalid::new("form", "a field is not valid UTF-8"))
        };
        let mut fields = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            if fields.len() == FIELDS_MAX {
                return Err(Invalid::new("form", "there are too many fields"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push((text(name)?, text(value)?));
        }
        Ok(Self(fields))
    }

    /// Refuses fields that are not among `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Invalid> {
        let mut names = self.0.iter().map(|(name, _)| name);
        let unknown = names.find(|name| !known.contains(&name.as_str()));
        unknown.map_or(Ok(()), |name| {
            let reason = format!("{} is no field of this page", shown(name));
            Err(Invalid::new(shown(name), reason))
        })
    }

    /// The value of a field, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of a field as it was typed, empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// What `parse` makes of a field that has a value; what it refuses is refused as `must`.
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
}

/// An address with fields, of which those without a value are left out.
pub fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if pairs.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", pairs.join("&"))
}

/// A text as a value in an address.
pub fn encoded(text: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_a_form_reads() {
        let fields = [("q", "Jürgen & <M>"), ("state", ""), ("after", "a=b")];
        let address = address("/console", &fields);
        assert_eq!(
            address,
            "/console?q=J%C3%BCrgen%20%26%20%3CM%3E&after=a%3Db"
        );
        let (_, raw) = address.split_once('?').unwrap();
        let form = Form::parse(raw, &["q", "after"]).unwrap();
        assert_eq!(form.get("q"), Some("Jürgen & <M>"));
        assert_eq!(form.get("after"), Some("a=b"));
        assert_eq!(form.get("state"), None);
    }

    #[test]
    fn fields_may_repeat_and_unknown_ones_are_refused() {
        let form = Form::parse("c=1&c=&c=2+3", &["c"]).unwrap();
        assert_eq!(form.all("c").collect::<Vec<_>>(), ["1", "2 3"]);
        assert_eq!(Form::parse("x=1", &["c"]).unwrap_err().field, "x");
        assert_eq!(Form::parse("c=%ff", &["c"]).unwrap_err().field, "form");
    }
}
