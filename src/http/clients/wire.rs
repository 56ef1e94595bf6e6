//! The Clients API's bodies, field by field in the published order.

use serde::Serialize;

use crate::model::activity::LastActivity;
use crate::model::client::Client;
use crate::model::department::{DepartmentRef, DepartmentView};
use crate::model::id::{ClientId, DepartmentId, UserId};
use crate::model::timestamp::Timestamp;
use crate::model::user::UserView;

/// `User` (Clients API, Users).
#[derive(Serialize)]
pub struct UserBody<'a> {
    id: UserId,
    username: &'a str,
    user_key: &'a str,
    last_activity: LastActivityBody,
    departments: Vec<DepartmentRefBody<'a>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

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

#[derive(Serialize)]
struct LastActivityBody {
    at: Option<Timestamp>,
    desktop_at: Option<Timestamp>,
    web_at: Option<Timestamp>,
}

impl From<LastActivity> for LastActivityBody {
    fn from(activity: LastActivity) -> Self {
        Self {
            at: activity.at(),
            desktop_at: activity.desktop_at,
            web_at: activity.web_at,
        }
    }
}

#[derive(Serialize)]
struct DepartmentRefBody<'a> {
    id: DepartmentId,
    name: &'a str,
    description: Option<&'a str>,
}

impl<'a> From<&DepartmentRef<'a>> for DepartmentRefBody<'a> {
    fn from(department: &DepartmentRef<'a>) -> Self {
        let DepartmentRef {
            id,
            name,
            description,
        } = *department;
        Self {
            id,
            name,
            description,
        }
    }
}

impl<'a> From<&UserView<'a>> for UserBody<'a> {
    fn from(user: &UserView<'a>) -> Self {
        Self {
            id: user.id,
            username: user.username,
            user_key: user.user_key,
            last_activity: user.last_activity.into(),
            departments: user.departments.iter().map(Into::into).collect(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
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
    /// Of the ids that were asked for, those that are no users'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_ids: Option<Vec<String>>,
}
