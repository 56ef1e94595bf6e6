//! Just enough of an HTTP client to ask a server what the load is then made of. It measures nothing
//! but single answers.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// Questions that are sent before the first answer is read.
const PIPELINED: usize = 64;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(own, _)| own == name);
        header.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("an answer's body: {error}"))
    }
}

/// A request, ready to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    token: String,
    tag: Option<String>,
    body: Option<String>,
    /// Bytes by which the body will have grown when it is sent.
    growth: usize,
}

impl Request {
    /// A question.
    pub fn get(path: impl Into<String>, token: &str) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            token: token.to_owned(),
            tag: None,
            body: None,
            growth: 0,
        }
    }

    /// A request with a JSON body.
    pub fn sending(method: &'static str, path: &str, token: &str, body: String) -> Self {
        Self {
            method,
            body: Some(body),
            ..Self::get(path, token)
        }
    }

    /// The same for whoever has this version already.
    pub fn unless(mut self, tag: &str) -> Self {
        self.tag = Some(tag.to_owned());
        self
    }

    /// The same under another path: what is asked of somebody who does not read it.
    pub fn under(mut self, prefix: &str) -> Self {
        self.path.insert_str(0, prefix);
        self
    }

    /// The same with a body that will be so much longer when it is sent: something is put in.
    pub fn longer(mut self, bytes: usize) -> Self {
        self.growth = bytes;
        self
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same under a path that is made of this one's.
    pub fn with_path(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.path = change(&self.path);
        self
    }

    /// The same with this behind the path.
    pub fn extended(mut self, behind: &str) -> Self {
        self.path += behind;
        self
    }

    /// As it goes over the wire.
    pub fn text(&self, address: &str) -> String {
        let Self {
            method,
            path,
            token,
            ..
        } = self;
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n"
        );
        if let Some(tag) = &self.tag {
            text += &format!("If-None-Match: {tag}\r\n");
        }
        if let Some(body) = &self.body {
            let length = body.len() + self.growth;
            text += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        }
        text += "\r\n";
        text += self.body.as_deref().unwrap_or_default();
        text
    }
}

/// One connection to a server.
#[derive(Debug)]
pub struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open(address: &str) -> Result<Self, String> {
        let failed = |error| format!("{address}: {error}");
        let stream = TcpStream::connect(address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .map_err(failed)?;
        Ok(Self {
            address: address.to_owned(),
            stream: BufReader::new(stream),
        })
    }

    /// Asks, and expects this status.
    ///
    /// # Errors
    /// When it is another, with what was said, or the connection breaks.
    pub fn ask(&mut self, request: &Request, status: u16) -> Result<Answer, String> {
        self.send(std::slice::from_ref(request))?;
        self.receive(request, status)
    }

    /// Asks many questions, several on the way at a time, and expects this status of each.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_all(
        &mut self,
        requests: &[Request],
        status: u16,
        mut take: impl FnMut(Answer) -> Result<(), String>,
    ) -> Result<(), String> {
        for some in requests.chunks(PIPELINED) {
            self.send(some)?;
            for request in some {
                take(self.receive(request, status)?)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, requests: &[Request]) -> Result<(), String> {
        let texts = requests.iter().map(|request| request.text(&self.address));
        let text: String = texts.collect();
        let written = self.stream.get_mut().write_all(text.as_bytes());
        written.map_err(|error| format!("{}: {error}", self.address))
    }

    fn receive(&mut self, request: &Request, status: u16) -> Result<Answer, String> {
        let name = format!("{} {}", request.method, request.path);
        let answer = read_answer(&mut self.stream).map_err(|error| format!("{name}: {error}"))?;
        if answer.status != status {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(format!("{name}: {} {body}", answer.status));
        }
        Ok(answer)
    }
}

/// An answer as it came over the wire.
///
/// # Errors
/// When it is none.
pub fn from_bytes(mut text: &[u8]) -> Result<Answer, String> {
    read_answer(&mut text)
}

fn read_answer(stream: &mut impl BufRead) -> Result<Answer, String> {
    let line = read_line(stream)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| format!("`{line}` is no status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or("a header without a colon")?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let has_body = status != 304 && status != 204;
    let mut body = vec![0; if has_body { length } else { 0 }];
    stream
        .read_exact(&mut body)
        .map_err(|error| error.to_string())?;
    Ok(Answer {
        status,
        headers,
        body,
    })
}

fn read_line(stream: &mut impl BufRead) -> Result<String, String> {
    let mut line = String::new();
    match stream.read_line(&mut line) {
        Ok(0) => Err("the server closed the connection".to_owned()),
        Ok(_) => Ok(line.trim_end().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_body_and_the_next_after_it() {
        let mut text = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\ncontent-length: 2\r\n\r\n{}\
                        HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n"
            .as_bytes();
        let answer = read_answer(&mut text).expect("whole");
        assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
        assert_eq!(answer.json(), Ok(serde_json::json!({})));
        let answer = read_answer(&mut text).expect("whole");
        assert_eq!((answer.status, answer.body.len()), (304, 0));
        assert!(read_answer(&mut text).is_err());
    }

    #[test]
    fn a_request_is_written_with_what_it_carries() {
        let request = Request::sending("POST", "/a", "t", "{}".to_owned());
        let expected = "POST /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\n\
                        Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(request.text("h"), expected);
        let request = Request::get("/a", "t").unless("\"1\"").under("/file?");
        let expected = "GET /file?/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\n\
                        If-None-Match: \"1\"\r\n\r\n";
        assert_eq!(request.text("h"), expected);
    }
}
