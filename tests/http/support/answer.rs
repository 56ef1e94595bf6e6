//! What came back.

use std::fmt;

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Bytes;
use rollcall::http::answer::Response;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// The body, byte for byte.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body of {self}"))
    }

    /// A header's text, or `-` when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("-", |value| value.to_str().unwrap())
    }

    /// The text behind a JSON pointer.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> String {
        match self.json().pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("nothing at {pointer} in {self}"),
        }
    }

    /// The texts of one member of each item of a list.
    #[track_caller]
    pub fn each(&self, list: &str, pointer: &str) -> Vec<String> {
        let json = self.json();
        let list = json.pointer(list).and_then(Value::as_array);
        let list = list.unwrap_or_else(|| panic!("no list in {self}"));
        list.iter()
            .map(|item| item.pointer(pointer).unwrap().as_str().unwrap().to_owned())
            .collect()
    }

    /// The usernames of a page of users, in order.
    #[track_caller]
    pub fn usernames(&self) -> String {
        assert_eq!(self.status, 200, "{self}");
        self.each("/data", "/username").join(" ")
    }

    /// Says that the status is this one, and hands the answer on.
    #[track_caller]
    pub fn must_be(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The status, the error's code and the field that it names.
    pub fn refusal(&self) -> String {
        let json = self.json();
        let text = |pointer| json.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
        format!(
            "{} {} {}",
            self.status,
            text("/error/code"),
            text("/error/details/field")
        )
    }
}

/// The status and the body, as snapshots hold them.
impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(formatter, "{} {body}", self.status)
    }
}
