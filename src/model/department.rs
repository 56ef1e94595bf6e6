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
    /// The id that an identity provider gave; unique within the client, case and all.
    pub external_id: Option<Box<str>>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When the record was last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// The number of the change that last touched the record.
    pub revision: i64,
}

/// Who keeps departments under numbers of its own.
pub trait Numbered {
    /// The department of that number, which it gave.
    fn department(&self, number: u32) -> &Department;
}

/// A person's departments, the primary one first: lent without a list of them being made.
#[derive(Clone, Copy)]
pub enum Departments<'a> {
    /// These.
    Listed(&'a [Department]),
    /// Those of these numbers.
    Numbered(&'a [u32], &'a dyn Numbered),
}

impl<'a> Departments<'a> {
    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = &'a Department> {
        let count = match self {
            Self::Listed(departments) => departments.len(),
            Self::Numbered(numbers, _) => numbers.len(),
        };
        (0..count).map(move |index| match self {
            Self::Listed(departments) => &departments[index],
            Self::Numbered(numbers, keeper) => keeper.department(numbers[index]),
        })
    }
}

impl std::fmt::Debug for Departments<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
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
