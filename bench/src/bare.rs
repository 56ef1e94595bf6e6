//! The limit: hyper with nothing around it, answering one constant answer.

use std::{convert::Infallible, env, fs, io, path::Path, process::Stdio, sync::Arc};

use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime};

use crate::{
    http::{self, Answer},
    process::{self, Cores, Running},
};

/// What hyper writes by itself.
const BY_HYPER: [&str; 2] = ["date", "content-length"];

/// A bare server in a process of its own.
#[derive(Debug)]
pub struct Bare {
    /// Where it listens.
    pub address: String,
    /// The process.
    pub running: Running,
}

impl Bare {
    /// Starts one that answers everything with this answer, which is written to `file`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(answer: &Answer, file: &Path, cores: Cores) -> Result<Self, String> {
        let written = fs::write(file, to_file(answer));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let mut command = process::command(cores, program);
        command.arg("bare").arg(file).stdout(Stdio::piped());
        if cores == Cores::Any {
            command.arg("--all-cores");
        }
        let mut running = Running::start(command)?;
        let (address, _) = running.first_line()?;
        Ok(Self { address, running })
    }
}

/// The process's own work: answers until it is ended. `all_cores` is for a run that pins nothing;
/// pinned, a runtime of the current thread is the fastest that there is.
///
/// # Errors
/// When the file cannot be read or nothing can be listened on.
pub fn serve(file: &Path, all_cores: bool) -> Result<(), String> {
    let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let constant = Arc::new(Constant::from_file(&text)?);
    let mut builder = match all_cores {
        true => runtime::Builder::new_multi_thread(),
        false => runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let served = runtime.block_on(accept(constant));
    served.map_err(|error| error.to_string())
}

async fn accept(constant: Arc<Constant>) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let constant = Arc::clone(&constant);
        tokio::spawn(async move {
            let answer = service_fn(|request: Request<Incoming>| {
                let constant = Arc::clone(&constant);
                async move {
                    if request.method() != Method::GET {
                        // Whoever sent it hung up, and so does the connection.
                        let _ = request.into_body().collect().await;
                    }
                    Ok::<_, Infallible>(constant.response())
                }
            });
            // Its errors are the caller's doing.
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            let _ = connection.await;
        });
    }
}

/// What is answered, in the form that is answered fastest.
struct Constant {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Constant {
    fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }

    fn from_file(text: &[u8]) -> Result<Self, String> {
        let answer = http::from_bytes(text)?;
        let status = StatusCode::from_u16(answer.status).map_err(|error| error.to_string())?;
        let mut headers = HeaderMap::new();
        for (name, value) in &answer.headers {
            if BY_HYPER.contains(&name.as_str()) {
                continue;
            }
            let name: HeaderName = name.parse().map_err(|_| format!("the header {name}"))?;
            let value = HeaderValue::from_str(value).map_err(|_| format!("the value {value}"))?;
            headers.append(name, value);
        }
        Ok(Self {
            status,
            headers,
            body: Bytes::from(answer.body),
        })
    }
}

/// An answer as it came over the wire.
fn to_file(answer: &Answer) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} \r\n", answer.status);
    for (name, value) in &answer.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&answer.body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_is_the_answer_without_what_hyper_writes_itself() {
        let answer = Answer {
            status: 202,
            headers: [
                ("etag", "\"1\""),
                ("date", "today"),
                ("content-length", "2"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            body: b"{}".to_vec(),
        };
        let constant = Constant::from_file(&to_file(&answer)).expect("it is read back");
        assert_eq!(constant.status, StatusCode::ACCEPTED);
        assert_eq!(constant.body, answer.body);
        let names: Vec<&str> = constant.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["etag"]);
    }
}
