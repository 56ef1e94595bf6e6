//! What questions are put together of: chance, and what was learnt of earlier answers.

use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::known::Known;
use super::steps::Step;
use super::support::Dice;
use super::{CALLERS, NODES, texts};

/// A request, as both are sent it.
#[derive(Debug, Clone)]
pub struct Question {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub caller: usize,
    pub node: usize,
}

/// Chance, and what is known.
pub struct Maker<'a> {
    pub dice: &'a Dice,
    pub known: &'a Known,
}

impl Maker<'_> {
    pub(super) fn once_in(&self, count: usize) -> bool {
        self.dice.below(count) == 0
    }

    /// One of these, or `unknown` when there are none, and now and then.
    pub(super) fn any(&self, items: &[String], unknown: &str) -> String {
        if items.is_empty() || self.once_in(12) {
            return unknown.to_owned();
        }
        self.dice.pick(items).clone()
    }

    pub(super) fn client(&self) -> usize {
        self.dice.below(self.known.clients.len())
    }

    pub(super) fn user(&self, client: usize) -> String {
        let odd = [
            "",
            "x",
            "%00",
            "ffffffff-ffff-7fff-bfff-ffffffffffff",
            "%ff",
            "..",
            "a%2fb",
        ];
        let client = if self.once_in(20) {
            self.client()
        } else {
            client
        };
        let user = self.any(self.known.users(client), self.dice.pick::<&str>(&odd));
        if self.once_in(20) {
            user.to_uppercase()
        } else {
            user
        }
    }

    pub(super) fn department(&self, client: usize) -> String {
        let odd = ["x", "ffffffff-ffff-7fff-bfff-ffffffffffff"];
        self.any(self.known.departments(client), self.dice.pick::<&str>(&odd))
    }

    pub(super) fn departments(&self, client: usize) -> Vec<String> {
        (0..self.dice.below(4))
            .map(|_| self.department(client))
            .collect()
    }

    /// A request for what lies under a client, mostly by somebody who may.
    pub(super) fn ask(&self, method: &'static str, client: usize, rest: &str) -> Question {
        let client = match self.once_in(50) {
            true => "ffffffff-ffff-7fff-bfff-ffffffffffff",
            false => &self.known.clients[client],
        };
        self.question(method, format!("/v2/clients/{client}{rest}"))
    }

    pub(super) fn question(&self, method: &'static str, path: String) -> Question {
        let caller = if self.once_in(15) {
            self.dice.below(CALLERS)
        } else {
            0
        };
        Question {
            method,
            path,
            headers: Vec::new(),
            body: None,
            caller,
            node: self.dice.below(NODES),
        }
    }

    /// With a body, and whatever may go with one.
    pub(super) fn with(&self, mut question: Question, body: &Value) -> Step {
        let body = match self.once_in(40) {
            true => texts::odd_body(self.dice),
            false => body.to_string().into_bytes(),
        };
        question.body = Some(body);
        let kinds = [
            "application/json; charset=utf-8",
            "text/plain",
            "application/merge-patch+json",
        ];
        let kind = if self.once_in(30) {
            *self.dice.pick(&kinds)
        } else {
            "application/json"
        };
        question.headers.push(("content-type", kind.to_owned()));
        if question.method == "POST" && self.once_in(4) {
            let key = match self.once_in(8) {
                true => self.any(&self.known.once_keys, "k"),
                false => format!("key {}", self.dice.below(1_000_000)),
            };
            question.headers.push(("idempotency-key", key));
        }
        Step::Ask(question)
    }

    /// With a condition on the tag of what it is about.
    pub(super) fn conditional(&self, mut question: Question) -> Question {
        let header = match question.method {
            "GET" => "if-none-match",
            _ => "if-match",
        };
        if self.once_in(3) {
            let known = self.known.tag(&question.path).unwrap_or("\"1\"");
            let tag = match self.dice.below(10) {
                0 => "*".to_owned(),
                1 => format!("W/{known}"),
                2 => format!("\"0\", {known}"),
                3 => (*self
                    .dice
                    .pick(&["\"0-0.\"", "garbage", "\"99999999999999999999\""]))
                .into(),
                _ => known.to_owned(),
            };
            question.headers.push((header, tag));
        }
        question
    }

    pub(super) fn on_user(&self, method: &'static str, rest: &str) -> Step {
        let client = self.client();
        let path = format!("/users/{}{rest}", self.user(client));
        Step::Ask(self.conditional(self.ask(method, client, &path)))
    }

    pub(super) fn on_department(&self, method: &'static str, rest: &str) -> Step {
        let client = self.client();
        let path = format!("/departments/{}{rest}", self.department(client));
        Step::Ask(self.conditional(self.ask(method, client, &path)))
    }

    /// A page's size and order.
    pub(super) fn order(&self, sorts: &[&str]) -> String {
        let mut query = format!(
            "page_size={}",
            self.dice.pick(&["1", "2", "7", "500", "9999"])
        );
        if self.once_in(30) {
            query = "page_size=0".to_owned();
        }
        if !self.once_in(3) {
            parameter(&mut query, "sort_by", self.dice.pick::<&str>(sorts));
        }
        if self.once_in(2) {
            parameter(
                &mut query,
                "sort_order",
                self.dice.pick::<&str>(&["asc", "desc", "desc", "DESC"]),
            );
        }
        query
    }

    /// What a list is searched for: a letter or two of a name.
    pub(super) fn part(&self) -> String {
        let name = texts::name(self.dice);
        name.chars()
            .skip(self.dice.below(3))
            .take(1 + self.dice.below(2))
            .collect()
    }
}

pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(super) fn parameter(query: &mut String, name: &str, value: &str) {
    write!(query, "&{name}={}", encoded(value)).unwrap();
}
