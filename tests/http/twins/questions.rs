//! The questions themselves.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::maker::{Maker, encoded, parameter};
use super::steps::Step;
use super::{CALLERS, NODES, texts};

impl Maker<'_> {
    pub(super) fn create_user(&self) -> Step {
        let client = self.client();
        let name = texts::name(self.dice);
        // Half the keys are the names; a few were taken before, in this case or another.
        let key = match self.dice.below(10) {
            0..=4 => name.clone(),
            5 => self.any(&self.known.user_keys, "k").to_uppercase(),
            _ => texts::name(self.dice),
        };
        let mut body = json!({ "username": name, "user_key": key });
        if self.once_in(3) {
            let own = format!("E{}", self.dice.below(30));
            let odd = texts::name(self.dice);
            body["external_id"] = json!(*self.dice.pick(&[Some(own), Some(odd), None]));
        }
        if self.once_in(3) {
            body["departments"] = json!(self.departments(client));
        }
        if self.once_in(3) {
            body["profile"] = Value::Object(self.profile());
        }
        if self.once_in(40) {
            body[texts::name(self.dice)] = texts::json(self.dice, 1);
        }
        self.with(self.ask("POST", client, "/users"), &body)
    }

    pub(super) fn profile(&self) -> Map<String, Value> {
        let mut employment = Map::new();
        let mut profile = Map::new();
        let value = |often: Value| match self.dice.below(12) {
            0 => Value::Null,
            1 => texts::json(self.dice, 1),
            _ => often,
        };
        for field in [
            "first_name",
            "last_name",
            "full_name",
            "email_addr",
            "universal_identifier",
        ] {
            if self.once_in(3) {
                profile.insert(field.to_owned(), value(json!(texts::name(self.dice))));
            }
        }
        if self.once_in(6) {
            let state = self
                .dice
                .pick(&["ACTIVE", "INACTIVE", "INACTIVE", "active"]);
            profile.insert("state".to_owned(), json!(state));
        }
        for field in ["role", "department", "cost_center_id"] {
            if self.once_in(3) {
                employment.insert(field.to_owned(), value(json!(texts::name(self.dice))));
            }
        }
        if self.once_in(4) {
            let since = json!(texts::moment(self.dice));
            employment.insert("employee_start_date_ts".to_owned(), value(since));
        }
        if self.once_in(4) {
            let place = json!({ "office": texts::name(self.dice), "timezone": null });
            employment.insert("employment_location".to_owned(), value(place));
        }
        if !employment.is_empty() {
            profile.insert("employment_info".to_owned(), Value::Object(employment));
        }
        if self.once_in(3) {
            let custom = json!({ texts::name(self.dice): texts::json(self.dice, 3), "n": 1.0 });
            profile.insert("custom_attributes".to_owned(), value(custom));
        }
        profile
    }

    pub(super) fn set_departments(&self) -> Step {
        let client = self.client();
        let path = format!("/users/{}", self.user(client));
        let question = self.conditional(self.ask("PATCH", client, &path));
        self.with(
            question,
            &json!({ "departments": self.departments(client) }),
        )
    }

    pub(super) fn patch_profile(&self) -> Step {
        let client = self.client();
        let path = format!("/users/{}/profile", self.user(client));
        let question = self.conditional(self.ask("PATCH", client, &path));
        self.with(question, &Value::Object(self.profile()))
    }

    pub(super) fn restore(&self) -> Step {
        let client = self.client();
        let path = format!("/users/{}/restore", self.user(client));
        let question = self.ask("POST", client, &path);
        if self.once_in(2) {
            return Step::Ask(question);
        }
        self.with(question, &json!({}))
    }

    pub(super) fn list_users(&self) -> Step {
        let client = self.client();
        let mut query = self.order(&["username", "last_activity", "created_at", "Username"]);
        for _ in 0..self.dice.below(3) {
            let (name, value) = match self.dice.below(8) {
                0 | 1 => ("q", self.part()),
                2 => ("department_id", self.department(client)),
                3 => ("user_key", self.any(&self.known.user_keys, "k")),
                4 => ("external_id", format!("E{}", self.dice.below(30))),
                5 => ("active_since", texts::moment(self.dice)),
                6 => {
                    let states = ["active", "inactive", "deleted", "ACTIVE"];
                    ("state", (*self.dice.pick(&states)).to_owned())
                }
                _ => ("stale_since", texts::moment(self.dice)),
            };
            parameter(&mut query, name, &value);
        }
        if self.once_in(6) {
            let fields = [
                "id",
                "username,id",
                "departments,last_activity",
                "shoe_size",
                "",
            ];
            parameter(&mut query, "fields", self.dice.pick::<&str>(&fields));
        }
        Step::Ask(self.ask("GET", client, &format!("/users?{query}")))
    }

    pub(super) fn users_by_id(&self) -> Step {
        let client = self.client();
        let ids: Vec<String> = (0..=self.dice.below(4))
            .map(|_| self.user(client))
            .collect();
        Step::Ask(self.ask("GET", client, &format!("/users?ids={}", ids.join(","))))
    }

    /// The next page of a list, or a page of another list by that list's cursor.
    pub(super) fn follow(&self) -> Step {
        let Some((path, parameter, cursor)) = self.known.cursor(self.dice) else {
            return self.list_users();
        };
        let mut cursor = cursor.to_owned();
        let mut path = path.to_owned();
        match self.dice.below(20) {
            0 => _ = cursor.pop(),
            1 => {
                let other = self.known.cursor(self.dice);
                path = other.map_or(path, |(path, ..)| path.to_owned());
            }
            _ => {}
        }
        let and = if path.contains('?') { '&' } else { '?' };
        Step::Ask(self.question("GET", format!("{path}{and}{parameter}={cursor}")))
    }

    pub(super) fn summary(&self) -> Step {
        let threshold = self
            .dice
            .pick(&["", "?stale_threshold=60", "?stale_threshold=0"]);
        Step::Ask(self.ask("GET", self.client(), &format!("/users/summary{threshold}")))
    }

    pub(super) fn days(&self) -> Step {
        let client = self.client();
        let query = self.dice.pick(&[
            "",
            "?channel=web",
            "?start_date=2026-02-22&end_date=2026-02-25",
            "?start_date=2025-02-01&channel=desktop",
            "?end_date=2026-02-30",
        ]);
        let path = format!("/analytics/users/{}/activity{query}", self.user(client));
        Step::Ask(self.ask("GET", client, &path))
    }

    pub(super) fn create_department(&self) -> Step {
        let mut body = json!({ "name": texts::name(self.dice) });
        if self.once_in(2) {
            let long = "d".repeat(*self.dice.pick(&[1, 2_000, 2_001]));
            let odd = texts::name(self.dice);
            body["description"] = json!(*self.dice.pick(&[Some(long), Some(odd), None]));
        }
        self.with(self.ask("POST", self.client(), "/departments"), &body)
    }

    pub(super) fn change_department(&self) -> Step {
        let client = self.client();
        let path = format!("/departments/{}", self.department(client));
        let mut body = Map::new();
        if !self.once_in(3) {
            body.insert("name".to_owned(), json!(texts::name(self.dice)));
        }
        if self.once_in(3) {
            let odd = texts::name(self.dice);
            let description = json!(*self.dice.pick(&[Some(odd), None]));
            body.insert("description".to_owned(), description);
        }
        let question = self.conditional(self.ask("PATCH", client, &path));
        self.with(question, &Value::Object(body))
    }

    pub(super) fn list_departments(&self) -> Step {
        let mut query = self.order(&["name", "member_count", "created_at", "description"]);
        if self.once_in(3) {
            parameter(&mut query, "q", &self.part());
        }
        Step::Ask(self.ask("GET", self.client(), &format!("/departments?{query}")))
    }

    pub(super) fn change_members(&self, rest: &str) -> Step {
        let client = self.client();
        let path = format!("/departments/{}{rest}", self.department(client));
        let users: Vec<String> = (0..self.dice.below(6)).map(|_| self.user(client)).collect();
        self.with(
            self.ask("POST", client, &path),
            &json!({ "user_ids": users }),
        )
    }

    pub(super) fn report(&self) -> Step {
        let client = self.client();
        let report = |_| {
            let mut report = json!({
                "channel": self.dice.pick(&["web", "desktop", "web", "desktop", "phone"]),
                "at": texts::moment(self.dice),
            });
            match self.dice.below(8) {
                0..=3 => report["user_id"] = json!(self.user(client)),
                4..=6 => report["user_key"] = json!(self.any(&self.known.user_keys, "k")),
                // Somebody new, whom it enrolls.
                _ => report["user_key"] = json!(texts::name(self.dice)),
            }
            report
        };
        let reports: Vec<Value> = (0..self.dice.below(6)).map(report).collect();
        let question = self.ask("POST", client, "/activity");
        self.with(question, &json!({ "reports": reports }))
    }

    pub(super) fn create_client(&self) -> Step {
        let partner = json!({ "id": texts::name(self.dice), "name": texts::name(self.dice) });
        let body = json!({
            "name": texts::name(self.dice),
            "partner": *self.dice.pick(&[Value::Null, partner]),
            "enrollment_token": texts::name(self.dice),
        });
        self.with(self.question("POST", "/v2/clients".to_owned()), &body)
    }

    pub(super) fn change_client(&self) -> Step {
        let question = self.conditional(self.ask("PATCH", self.client(), ""));
        self.with(question, &json!({ "name": texts::name(self.dice) }))
    }

    pub(super) fn get_client(&self) -> Step {
        if self.once_in(2) {
            let path = format!("/v2/clients?page_size={}", 1 + self.dice.below(3));
            return Step::Ask(self.question("GET", path));
        }
        Step::Ask(self.conditional(self.ask("GET", self.client(), "")))
    }

    pub(super) fn gateway_list(&self) -> Step {
        let size = self.dice.pick(&["1", "3", "50", "1000"]);
        let mut query = format!("pageSize={size}");
        if !self.once_in(3) {
            parameter(&mut query, "filter", &self.filter(2));
        }
        Step::Ask(self.question("GET", format!("/acme/users?{query}")))
    }

    pub(super) fn filter(&self, depth: usize) -> String {
        if depth > 0 && self.once_in(3) {
            let (one, other) = (self.filter(depth - 1), self.filter(depth - 1));
            let word = self.dice.pick(&["and", "or", "OR"]);
            return format!("({one}) {word} {other}");
        }
        let operator = self.dice.pick(&["eq", "ne", "gt", "lt", "gt", "EQ", "co"]);
        let (attribute, value) = match self.dice.below(6) {
            0 => (
                "user.state",
                (*self.dice.pick(&["ACTIVE", "INACTIVE"])).to_owned(),
            ),
            1 => ("system_identity.username", texts::name(self.dice)),
            2 => ("system_identity.id", format!("E{}", self.dice.below(30))),
            3 => ("last_updated_at", texts::moment(self.dice)),
            4 => ("user.employment_info.department", texts::name(self.dice)),
            _ => ("user.first_name", texts::name(self.dice)),
        };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{attribute} {operator} \"{value}\"")
    }

    pub(super) fn gateway_get(&self) -> Step {
        let id = match self.dice.below(4) {
            0 => format!("E{}", self.dice.below(30)),
            1 => encoded(&texts::name(self.dice)),
            _ => self.user(0),
        };
        Step::Ask(self.question("GET", format!("/acme/users/{id}")))
    }

    /// A request that bore a key, as it was sent, or to another node, or by somebody else.
    pub(super) fn again(&self) -> Step {
        if self.known.once.is_empty() {
            return self.create_user();
        }
        let mut question = self.dice.pick(&self.known.once).clone();
        question.node = self.dice.below(NODES);
        if self.once_in(8) {
            question.caller = self.dice.below(CALLERS);
        }
        Step::Ask(question)
    }

    pub(super) fn nonsense(&self) -> Step {
        let client = &self.known.clients[self.client()];
        let path = match self.dice.below(7) {
            0 => "/v2/clients".to_owned(),
            1 => format!(
                "/v2/clients/{client}/users?{}=1",
                encoded(&texts::name(self.dice))
            ),
            2 => format!("/v2/clients/{client}/users?q=%ff&q=1"),
            3 => format!("/v2/clients/{}/users", encoded(&texts::name(self.dice))),
            4 => format!("/{}/users", encoded(&texts::name(self.dice))),
            5 => format!("/v2/clients/{client}/departments/../users"),
            _ => (*self
                .dice
                .pick(&["/", "/healthz", "/readyz", "/llms.txt", "/nowhere"]))
            .into(),
        };
        let method = self
            .dice
            .pick(&["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]);
        let question = self.question(method, path);
        if self.once_in(2) {
            return Step::Ask(question);
        }
        self.with(question, &texts::json(self.dice, 2))
    }

    pub(super) fn away(&self) -> Step {
        let mut question = self.ask("GET", self.client(), "/users");
        question.caller = 0;
        Step::Away(question)
    }

    pub(super) fn time(&self) -> Step {
        let seconds = [
            0.001, 0.999, 1.0, 3.0, 3.0, 10.0, 30.0, 61.0, 700.0, 90_000.0,
        ];
        Step::Pass(Duration::from_secs_f64(*self.dice.pick(&seconds)))
    }
}
