//! `/console/clients`: the clients that one may look at.

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::shown::{When, counted};
use crate::http::console::{Call, Failure};
use crate::model::client::Client;
use crate::model::id::ClientId;
use crate::model::scope::Scope;
use crate::operations::clients;

const PAGE_SIZE: usize = 50;

#[derive(Template)]
#[template(path = "clients.html")]
struct Page {
    frame: Frame,
    /// `None` for who may see each client and not the list of them.
    clients: Option<Vec<Row>>,
    count: String,
    next: Option<String>,
}

struct Row {
    name: String,
    address: String,
    partner: Option<String>,
    created: When,
}

/// `GET /console/clients`
pub async fn list(call: Call) -> Result<Response, Failure> {
    let query = call.query(&["after", "client_id"])?;
    if let Some(text) = query.get("client_id") {
        return opened(&call, text).await;
    }
    let mut shown = Page {
        frame: call.frame("Clients", Place::Clients),
        clients: None,
        count: String::new(),
        next: None,
    };
    if let Ok(access) = call.visitor.admin() {
        let after = query.parsed("after", "a client's id", ClientId::parse)?;
        let listed = clients::list(call.app(), &access, after, PAGE_SIZE).await?;
        let rows = listed.items.iter().map(Row::of);
        shown.clients = Some(rows.collect());
        shown.count = counted(listed.total_count, "client");
        shown.next = listed
            .next
            .map(|next| address("/console/clients", &[("after", next.id.as_str())]));
    }
    // Who was granted several clients one by one.
    if let (None, Some(granted)) = (&shown.clients, call.visitor.clients()) {
        let mut rows = Vec::with_capacity(granted.len());
        for client in granted {
            let access = call
                .visitor
                .access(Some(client), client.as_str(), Scope::UsersRead)?;
            rows.push(clients::get(call.app(), &access, Row::of).await?);
        }
        shown.count = counted(rows.len() as u64, "client");
        shown.clients = Some(rows);
    }
    Ok(page(&shown))
}

impl Row {
    fn of(client: &Client) -> Self {
        let partner = client.partner.as_ref();
        Self {
            name: client.name.to_string(),
            address: overview_of(client.id),
            partner: partner.map(|partner| partner.name.to_string()),
            created: When(client.created_at),
        }
    }
}

/// Leads to the client of that id, for who knows it and may not list them.
async fn opened(call: &Call, text: &str) -> Result<Response, Failure> {
    let text = text.trim();
    let access = call
        .visitor
        .access(ClientId::parse(text), text, Scope::UsersRead)?;
    clients::get(call.app(), &access, |_| ()).await?;
    Ok(super::see_other(&overview_of(access.client())))
}

fn overview_of(client: ClientId) -> String {
    format!("/console/clients/{client}")
}
