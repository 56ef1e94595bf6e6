//! Departments: the groups that people belong to.

use crate::model::id::DepartmentId;
use crate::model::timestamp::Timestamp;

/// A department's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// The id.
    pub id: DepartmentId,
    /// Unique within the client, whatever the case.
    pub name: Box<str>,
    /// What it does.
    pub description: Option<Box<str>>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When the record was last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// The number of the change that last touched the record.
    pub revision: i64,
}

impl Department {
    /// What a user's body embeds of it.
    pub fn reference(&self) -> DepartmentRef<'_> {
        DepartmentRef {
            id: self.id,
            name: &self.name,
            description: self.description.as_deref(),
        }
    }
}

/// What a user's body embeds of a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepartmentRef<'a> {
    /// The id.
    pub id: DepartmentId,
    /// The name.
    pub name: &'a str,
    /// The description.
    pub description: Option<&'a str>,
}

/// A department with the number of its members, as one moment shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepartmentView<'a> {
    /// The record.
    pub department: &'a Department,
    /// How many people (not deleted) belong to it.
    pub member_count: u64,
}

/// What a new department is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDepartment {
    /// Unique within the client, whatever the case.
    pub name: Box<str>,
    /// What it does.
    pub description: Option<Box<str>>,
}

/// What is to change of a department; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DepartmentChange {
    /// A new name.
    pub name: Option<Box<str>>,
    /// Another description, or none.
    pub description: Option<Option<Box<str>>>,
}
