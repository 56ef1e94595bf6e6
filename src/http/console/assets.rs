//! The console's style and scripts: files of this program, found under names that say what is in them,
//! so that browsers may keep them for ever.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY,
};
use sha2::{Digest, Sha256};

use crate::http::Http;
use crate::http::answer::{self, Response};
use crate::http::console::failure::Failure;
use crate::http::router::Asked;
use crate::model::token::TokenHash;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const ICON: &str = "image/svg+xml";
const CSV: &str = "text/csv; charset=utf-8";

struct File {
    /// As the source tree has it.
    name: &'static str,
    address: String,
    content_type: &'static str,
    bytes: &'static [u8],
    packed: Bytes,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    vec![
        file_of("pico.min.css", STYLE, include_bytes!("assets/pico.min.css")),
        file_of("console.css", STYLE, include_bytes!("assets/console.css")),
        file_of("htmx.min.js", SCRIPT, include_bytes!("assets/htmx.min.js")),
        file_of("console.js", SCRIPT, include_bytes!("assets/console.js")),
        file_of("icon.svg", ICON, include_bytes!("assets/icon.svg")),
        file_of(
            "import-example.csv",
            CSV,
            include_bytes!("assets/import-example.csv"),
        ),
    ]
});

fn file_of(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> File {
    let digest = TokenHash(Sha256::digest(bytes).into()).to_hex();
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(bytes).and_then(|()| packer.finish());
    File {
        name,
        address: format!("/console/assets/{}-{name}", &digest[..12]),
        content_type,
        bytes,
        packed: packed
            .expect("a Vec takes all that is written to it")
            .into(),
    }
}

/// Where a file of ours is found.
pub fn address(name: &str) -> &'static str {
    let file = FILES.iter().find(|file| file.name == name);
    &file
        .expect("templates name files that are there, and a test opens each page")
        .address
}

/// `GET /console/assets/{file}`
pub async fn file(_: Arc<Http>, asked: Arc<Asked>) -> Result<Response, Failure> {
    let known = FILES.iter().find(|file| file.address == asked.path());
    let file = known.ok_or(Failure::NoSuchPage)?;
    let accepted = asked.head.headers.get(ACCEPT_ENCODING);
    let is_packed = accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|one| one.trim() == "gzip"));
    let body = if is_packed {
        file.packed.clone()
    } else {
        Bytes::from_static(file.bytes)
    };
    let mut response = Response::new(body.into());
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, file.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (VARY, "accept-encoding"),
    ];
    for (name, value) in headers {
        answer::set(&mut response, name, value);
    }
    if is_packed {
        answer::set(&mut response, CONTENT_ENCODING, "gzip");
    }
    Ok(response)
}
