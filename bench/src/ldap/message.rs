//! The few messages of LDAP (RFC 4511) that the load is made of, in BER.

/// A message's kind, by its tag.
pub const SEARCH_ENTRY: u8 = 0x64;
/// The last message of a search.
pub const SEARCH_DONE: u8 = 0x65;
/// What a bind is answered with.
pub const BIND_DONE: u8 = 0x61;

/// All went well.
pub const SUCCESS: u8 = 0;
/// There is more than was asked for.
pub const SIZE_LIMIT_EXCEEDED: u8 = 4;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const CONTROLS: u8 = 0xa0;
const PAGED_RESULTS: &[u8] = b"1.2.840.113556.1.4.319";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The entry of this name.
    Entry(String),
    /// The entries right below the name whose attribute has this value.
    Equal(String, String, String),
    /// The next so many entries below this one (RFC 2696).
    Page(String, u32),
    /// The first so many entries below the name whose attribute contains the word.
    Containing(String, String, String, u32),
}

impl Query {
    /// A line of the file that the load is read from.
    pub fn to_line(&self) -> String {
        match self {
            Self::Entry(name) => format!("entry\t{name}"),
            Self::Equal(base, attribute, value) => format!("equal\t{base}\t{attribute}\t{value}"),
            Self::Page(base, size) => format!("page\t{base}\t{size}"),
            Self::Containing(base, attribute, word, limit) => {
                format!("containing\t{base}\t{attribute}\t{word}\t{limit}")
            }
        }
    }

    /// Reads such a line.
    pub fn from_line(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split('\t').collect();
        match *words.as_slice() {
            ["entry", name] => Some(Self::Entry(name.to_owned())),
            ["equal", base, attribute, value] => Some(Self::Equal(
                base.to_owned(),
                attribute.to_owned(),
                value.to_owned(),
            )),
            ["page", base, size] => Some(Self::Page(base.to_owned(), size.parse().ok()?)),
            ["containing", base, attribute, word, limit] => {
                let limit = limit.parse().ok()?;
                Some(Self::Containing(
                    base.to_owned(),
                    attribute.to_owned(),
                    word.to_owned(),
                    limit,
                ))
            }
            _ => None,
        }
    }

    /// The message that asks it; `cookie` is the last page's, or empty.
    pub fn to_message(&self, id: u32, cookie: &[u8]) -> Vec<u8> {
        let anything = element(0x87, b"objectClass");
        match self {
            Self::Entry(name) => message(id, &search(name, 0, 0, &anything), None),
            Self::Equal(base, attribute, value) => {
                let pair = [
                    element(OCTETS, attribute.as_bytes()),
                    element(OCTETS, value.as_bytes()),
                ];
                message(
                    id,
                    &search(base, 1, 0, &element(0xa3, &pair.concat())),
                    None,
                )
            }
            Self::Page(base, size) => {
                let value = [integer(INTEGER, *size), element(OCTETS, cookie)].concat();
                let value = element(OCTETS, &element(SEQUENCE, &value));
                let control = element(SEQUENCE, &[element(OCTETS, PAGED_RESULTS), value].concat());
                message(id, &search(base, 1, 0, &anything), Some(&control))
            }
            Self::Containing(base, attribute, word, limit) => {
                let pieces = element(SEQUENCE, &element(0x81, word.as_bytes()));
                let attribute = element(OCTETS, attribute.as_bytes());
                let filter = element(0xa4, &[attribute, pieces].concat());
                message(id, &search(base, 1, *limit, &filter), None)
            }
        }
    }
}

/// The message that begins an anonymous session.
pub fn bind(id: u32) -> Vec<u8> {
    let content = [
        integer(INTEGER, 3),
        element(OCTETS, b""),
        element(0x80, b""),
    ]
    .concat();
    message(id, &element(0x60, &content), None)
}

/// A search for all attributes; the scope is 0 for the entry alone, and 1 for those right below.
fn search(base: &str, scope: u32, limit: u32, filter: &[u8]) -> Vec<u8> {
    let content = [
        element(OCTETS, base.as_bytes()),
        integer(ENUMERATED, scope),
        integer(ENUMERATED, 0),
        integer(INTEGER, limit),
        integer(INTEGER, 0),
        element(0x01, &[0]),
        filter.to_vec(),
        element(SEQUENCE, b""),
    ]
    .concat();
    element(0x63, &content)
}

fn message(id: u32, operation: &[u8], control: Option<&[u8]>) -> Vec<u8> {
    let mut content = integer(INTEGER, id);
    content.extend_from_slice(operation);
    if let Some(control) = control {
        content.extend(element(CONTROLS, control));
    }
    element(SEQUENCE, &content)
}

fn integer(tag: u8, number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(3);
    let mut content = bytes[zeros..].to_vec();
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    element(tag, &content)
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let length = u32::try_from(content.len()).expect("a message is small");
            bytes.push(0x84);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// One element at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// What it is.
    pub tag: u8,
    /// What is in it.
    pub content: &'a [u8],
    /// What is behind it.
    pub rest: &'a [u8],
}

/// Reads one; none when it is not whole yet.
pub fn read(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, behind) = bytes.split_first()?;
    let (&first, mut behind) = behind.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, rest) = behind.split_at_checked(usize::from(first & 0x7f))?;
        length = digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit));
        behind = rest;
    }
    let (content, rest) = behind.split_at_checked(length)?;
    Some(Element { tag, content, rest })
}

/// What a whole message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a> {
    /// Its kind.
    pub kind: u8,
    /// The result's code, in the messages that end something.
    pub code: u8,
    /// The cookie for the next page, where there is one.
    pub cookie: &'a [u8],
}

/// Reads what is in a message.
pub fn said(message: &[u8]) -> Option<Said<'_>> {
    let operation = read(read(message)?.rest)?;
    let mut cookie: &[u8] = b"";
    if let Some(controls) = read(operation.rest) {
        let name = read(read(controls.content)?.content)?;
        let value = read(read(name.rest)?.content)?;
        cookie = read(read(value.content)?.rest)?.content;
    }
    let code = match operation.tag {
        SEARCH_DONE | BIND_DONE => *read(operation.content)?.content.first()?,
        _ => SUCCESS,
    };
    Some(Said {
        kind: operation.tag,
        code,
        cookie,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back() {
        let base = || "dc=rollcall".to_owned();
        for query in [
            Query::Entry(base()),
            Query::Equal(base(), "uid".to_owned(), "ann".to_owned()),
            Query::Page(base(), 1000),
            Query::Containing(base(), "cn".to_owned(), "smith".to_owned(), 100),
        ] {
            assert_eq!(Query::from_line(&query.to_line()), Some(query));
        }
        assert_eq!(Query::from_line("entry"), None);
    }

    #[test]
    fn a_bind_is_as_the_standard_writes_it() {
        let expected = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
        assert_eq!(bind(1), expected);
    }

    #[test]
    fn a_search_is_a_whole_message() {
        let query = Query::Containing("dc=x".to_owned(), "cn".to_owned(), "ann".to_owned(), 100);
        let bytes = query.to_message(300, b"");
        let whole = read(&bytes).expect("whole");
        assert_eq!((whole.tag, whole.rest), (SEQUENCE, &b""[..]));
        assert_eq!(read(whole.content).expect("an id").content, [1, 44]);
        assert_eq!(said(whole.content).map(|said| said.kind), Some(0x63));
        assert_eq!(read(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn the_code_and_the_cookie_are_found() {
        let value = [integer(INTEGER, 0), element(OCTETS, b"next")].concat();
        let value = element(OCTETS, &element(SEQUENCE, &value));
        let control = element(SEQUENCE, &[element(OCTETS, PAGED_RESULTS), value].concat());
        let result = [
            integer(ENUMERATED, 4),
            element(OCTETS, b""),
            element(OCTETS, b""),
        ]
        .concat();
        let bytes = message(7, &element(SEARCH_DONE, &result), Some(&control));
        let whole = read(&bytes).expect("whole");
        let expected = Said {
            kind: SEARCH_DONE,
            code: SIZE_LIMIT_EXCEEDED,
            cookie: b"next",
        };
        assert_eq!(said(whole.content), Some(expected));
    }

    #[test]
    fn long_contents_are_read_back() {
        let content = vec![7; 100_000];
        let bytes = element(OCTETS, &content);
        assert_eq!(
            read(&bytes).map(|element| element.content),
            Some(&content[..])
        );
    }
}
