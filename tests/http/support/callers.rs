//! The kinds of API users, as types: who asks is said once, what they ask is a method.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use rollcall::http::body::Body;
use rollcall::http::observe::REQUEST_ID as REQUEST_ID_HEADER;
use rollcall::model::id::TokenId;
use serde_json::Value;

use super::{Answer, World};

/// Every request's id.
pub const REQUEST_ID: &str = "request-1";

/// A request that is being put together.
pub struct Question {
    world: World,
    builder: hyper::http::request::Builder,
    body: Body,
    address: IpAddr,
}

impl Question {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// A header whose value may be any bytes that HTTP lets through.
    pub fn raw_header(mut self, name: &str, value: &[u8]) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json")
            .body(body.to_string())
    }

    pub fn at_address(mut self, address: &str) -> Self {
        self.address = address.parse().unwrap();
        self
    }

    pub async fn send(self) -> Answer {
        let request = self.builder.header(&REQUEST_ID_HEADER, REQUEST_ID);
        let request = request.body(self.body).unwrap();
        let response = self.world.router().answer(request, self.address).await;
        let answer = Answer::read(response).await;
        assert_eq!(answer.headers[&REQUEST_ID_HEADER], REQUEST_ID);
        answer
    }
}

/// Somebody who asks.
pub trait Caller {
    fn world(&self) -> &World;

    /// The values of `Authorization`.
    fn authorization(&self) -> Option<String>;

    fn ask(&self, method: &str, path: &str) -> Question {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut builder = Request::builder().method(method).uri(path);
        if let Some(value) = self.authorization() {
            builder = builder.header(AUTHORIZATION, value);
        }
        Question {
            world: self.world().clone(),
            builder,
            body: Body::default(),
            address: Ipv4Addr::LOCALHOST.into(),
        }
    }

    fn get(&self, path: &str) -> impl Future<Output = Answer> {
        self.ask("GET", path).send()
    }

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn post(&self, path: &str, body: Value) -> impl Future<Output = Answer> {
        self.ask("POST", path).json(&body).send()
    }

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn patch(&self, path: &str, body: Value) -> impl Future<Output = Answer> {
        self.ask("PATCH", path).json(&body).send()
    }

    fn delete(&self, path: &str) -> impl Future<Output = Answer> {
        self.ask("DELETE", path).send()
    }
}

/// Somebody without a credential.
#[derive(Clone)]
pub struct Anonymous(pub World);

impl Caller for Anonymous {
    fn world(&self) -> &World {
        &self.0
    }

    fn authorization(&self) -> Option<String> {
        None
    }
}

/// The bearer of a token.
#[derive(Clone)]
pub struct Bearer {
    pub world: World,
    pub secret: Arc<str>,
    /// The token's id, if it is one of ours.
    pub id: Option<TokenId>,
}

impl Caller for Bearer {
    fn world(&self) -> &World {
        &self.world
    }

    fn authorization(&self) -> Option<String> {
        Some(format!("Bearer {}", self.secret))
    }
}

/// Somebody who sends this as the whole value of `Authorization`.
#[derive(Clone)]
pub struct Verbatim(pub World, pub String);

impl Caller for Verbatim {
    fn world(&self) -> &World {
        &self.0
    }

    fn authorization(&self) -> Option<String> {
        Some(self.1.clone())
    }
}
