//! The Clients API's bodies, field by field in the published order.

use serde::Serialize;

use crate::model::activity::LastActivity;
use crate::model::client::Client;
use crate::model::department::{Department, DepartmentView};
use crate::model::id::{ClientId, DepartmentId};
use crate::model::json;
use crate::model::page::Page;
use crate::model::timestamp::Timestamp;
use crate::model::user::UserView;

/// The names of a user's fields, for `fields=`.
pub const USER_FIELDS: [&str; 7] = [
    "id",
    "username",
    "user_key",
    "last_activity",
    "departments",
    "created_at",
    "updated_at",
];

/// Writes a `User` (Clients API, Users).
pub fn user(out: &mut Vec<u8>, user: &UserView<'_>) {
    json::raw(out, r#"{"id":"#);
    json::id(out, user.id.0);
    json::raw(out, r#","username":"#);
    json::text(out, user.username);
    json::raw(out, r#","user_key":"#);
    json::text(out, user.user_key);
    json::raw(out, r#","last_activity":"#);
    last_activity(out, user.last_activity);
    json::raw(out, r#","departments":"#);
    json::list(out, user.departments.iter(), department_ref);
    json::raw(out, r#","created_at":"#);
    json::moment(out, user.created_at);
    json::raw(out, r#","updated_at":"#);
    json::moment(out, user.updated_at);
    out.push(b'}');
}

/// Writes only the fields `chosen` of a `User`, in the same order.
fn user_in_part(out: &mut Vec<u8>, user: &UserView<'_>, chosen: &[&str]) {
    out.push(b'{');
    let mut divider = "\"";
    for field in USER_FIELDS
        .into_iter()
        .filter(|field| chosen.contains(field))
    {
        json::raw(out, divider);
        divider = ",\"";
        json::raw(out, field);
        json::raw(out, "\":");
        match field {
            "id" => json::id(out, user.id.0),
            "username" => json::text(out, user.username),
            "user_key" => json::text(out, user.user_key),
            "last_activity" => last_activity(out, user.last_activity),
            "departments" => json::list(out, user.departments.iter(), department_ref),
            "created_at" => json::moment(out, user.created_at),
            _ => json::moment(out, user.updated_at),
        }
    }
    out.push(b'}');
}

fn last_activity(out: &mut Vec<u8>, activity: LastActivity) {
    json::raw(out, r#"{"at":"#);
    json::moment_or_null(out, activity.at());
    json::raw(out, r#","desktop_at":"#);
    json::moment_or_null(out, activity.desktop_at);
    json::raw(out, r#","web_at":"#);
    json::moment_or_null(out, activity.web_at);
    out.push(b'}');
}

/// What a user's body embeds of a department.
fn department_ref(out: &mut Vec<u8>, department: &Department) {
    json::raw(out, r#"{"id":"#);
    json::id(out, department.id.0);
    json::raw(out, r#","name":"#);
    json::text(out, &department.name);
    json::raw(out, r#","description":"#);
    json::text_or_null(out, department.description.as_deref());
    out.push(b'}');
}

/// `Department` (Clients API, Departments).
#[derive(Serialize)]
pub struct DepartmentBody<'a> {
    id: DepartmentId,
    name: &'a str,
    description: Option<&'a str>,
    member_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> From<&DepartmentView<'a>> for DepartmentBody<'a> {
    fn from(view: &DepartmentView<'a>) -> Self {
        Self {
            id: view.department.id,
            name: &view.department.name,
            description: view.department.description.as_deref(),
            member_count: view.member_count,
            created_at: view.department.created_at,
            updated_at: view.department.updated_at,
        }
    }
}

/// `Client` (Clients API, Clients).
#[derive(Serialize)]
pub struct ClientBody<'a> {
    id: ClientId,
    name: &'a str,
    status: &'static str,
    partner: Option<PartnerBody<'a>>,
    enrollment_token: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct PartnerBody<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> From<&'a Client> for ClientBody<'a> {
    fn from(client: &'a Client) -> Self {
        let partner = client.partner.as_ref();
        Self {
            id: client.id,
            name: &client.name,
            status: "active",
            partner: partner.map(|partner| PartnerBody {
                id: &partner.id,
                name: &partner.name,
            }),
            enrollment_token: client.enrollment_token.as_deref(),
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// The envelope of every list; `next_cursor` is there and null on the last page.
#[derive(Serialize)]
pub struct ListBody<T> {
    /// The items.
    pub data: Vec<T>,
    /// How many items the filters match, over all pages.
    pub total_count: u64,
    /// What the next page is asked for with.
    pub next_cursor: Option<String>,
}

/// The envelope of a page of users: as [`ListBody`], and `missing_ids` where ids were asked for.
pub struct UserPage<'a> {
    /// The page.
    pub page: &'a Page<UserView<'a>>,
    /// The fields of each user; `None`: all.
    pub fields: Option<&'a [&'a str]>,
    /// What the next page is asked for with.
    pub next_cursor: Option<&'a str>,
    /// Of the ids that were asked for, those that are no users'.
    pub missing_ids: Option<Vec<&'a str>>,
}

impl UserPage<'_> {
    /// The JSON text.
    pub fn to_text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        json::raw(&mut out, r#"{"data":"#);
        json::long_list(&mut out, self.page.items.iter(), |out, item| {
            match self.fields {
                None => user(out, item),
                Some(fields) => user_in_part(out, item, fields),
            }
        });
        json::raw(&mut out, r#","total_count":"#);
        json::raw(&mut out, &self.page.total_count.to_string());
        json::raw(&mut out, r#","next_cursor":"#);
        json::text_or_null(&mut out, self.next_cursor);
        if let Some(missing) = &self.missing_ids {
            json::raw(&mut out, r#","missing_ids":"#);
            json::list(&mut out, missing, |out, id| json::text(out, id));
        }
        out.push(b'}');
        out
    }
}

/// Room for one user, so that a text seldom has to be moved while it is written.
const USER_BYTES: usize = 512;

/// A `User` as a body.
pub fn user_text(view: &UserView<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(USER_BYTES);
    user(&mut out, view);
    out
}
