//! What surrounds every page: where one is, where one may go from there, and the way out.

use askama::Template;
use hyper::StatusCode;

use crate::http::answer::Response;
use crate::http::console::failure::text_of;
use crate::http::console::security;
use crate::model::id::ClientId;
use crate::model::scope::Scope;
use crate::operations::sessions::Visitor;

/// The parts of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The list of clients.
    Clients,
    /// What a client's directory looks like at one glance.
    Overview,
    /// A client's people.
    Users,
    /// A client's departments.
    Departments,
    /// What was changed.
    Changes,
    /// Files of people.
    Import,
    /// Tokens of all clients.
    Tokens,
    /// Gateway instances of all clients.
    Instances,
    /// OAuth clients of all clients.
    OauthClients,
    /// What the identity provider asked.
    ScimLog,
}

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub address: String,
    /// Whether one is there.
    pub is_here: bool,
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// The key that each of the page's forms bears.
    pub form_key: String,
    /// What who is signed in is called.
    pub visitor: String,
    /// The menu.
    pub menu: Vec<Entry>,
    /// The client that the page is about.
    pub client: Option<String>,
    /// The client's menu.
    pub client_menu: Vec<Entry>,
    place: Place,
}

/// The entries of a client's menu, with the scope without which they lead nowhere.
#[rustfmt::skip]
const OF_CLIENT: &[(Place, &str, &str, Scope)] = &[
    (Place::Overview, "Overview", "", Scope::UsersRead),
    (Place::Users, "Users", "users", Scope::UsersRead),
    (Place::Departments, "Departments", "departments", Scope::UsersRead),
    (Place::Changes, "Changes", "changes", Scope::UsersRead),
    (Place::Import, "Import", "import", Scope::UsersWrite),
    (Place::ScimLog, "SCIM log", "scim-log", Scope::Scim),
];

impl Frame {
    /// The frame of a page that is about no client.
    pub fn new(visitor: &Visitor, title: &str, place: Place) -> Self {
        let mut menu = Vec::new();
        let mut entry = |of: Place, label: &'static str, address: &str| {
            menu.push(Entry {
                label,
                address: address.to_owned(),
                is_here: of == place,
            });
        };
        if visitor.clients().is_none_or(|clients| clients.len() > 1) {
            entry(Place::Clients, "Clients", "/console/clients");
        }
        if visitor.admin().is_ok() {
            entry(Place::Tokens, "Tokens", "/console/tokens");
            entry(Place::Instances, "Instances", "/console/instances");
            entry(
                Place::OauthClients,
                "OAuth clients",
                "/console/oauth-clients",
            );
        }
        Self {
            title: title.to_owned(),
            form_key: visitor.secret().form_key(),
            visitor: visitor.name(),
            menu,
            client: None,
            client_menu: Vec::new(),
            place,
        }
    }

    /// The same frame, of a page that is about a client.
    pub fn of_client(mut self, visitor: &Visitor, client: ClientId, name: String) -> Self {
        let may = OF_CLIENT
            .iter()
            .filter(|(.., scope)| visitor.may(client, *scope));
        self.client_menu = may
            .map(|(place, label, path, _)| Entry {
                label,
                address: format!("/console/clients/{client}/{path}")
                    .trim_end_matches('/')
                    .to_owned(),
                is_here: *place == self.place,
            })
            .collect();
        self.client = Some(name);
        self
    }
}

/// A page as an answer.
pub fn page(template: &impl Template) -> Response {
    security::html(StatusCode::OK, text_of(template))
}

/// A page that says what is wrong with what was sent, with what was sent in it.
pub fn refused_page(status: StatusCode, template: &impl Template) -> Response {
    security::html(status, text_of(template))
}
