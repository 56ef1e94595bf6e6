//! The fields of a person's profile: what the Identity Gateway shows under `user`, apart from
//! `state`, which is ours to say and not part of the profile. Values are not here, nor a client's
//! custom attributes, whose names no enum can know.

/// What every path begins with where a user is shown whole.
const PREFIX: &str = "user.";

/// One field of the profile (Identity Gateway, User).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "the names are the contract's own, listed in TABLE"
)]
pub enum ProfileField {
    UniversalIdentifier,
    EmailAddr,
    FirstName,
    LastName,
    FullName,
    WorkStatus,
    EmployeeStartDateTs,
    Role,
    ManagerEmail,
    CostCenterId,
    CostCenterName,
    Department,
    OfficePhoneNumber,
    AssistantFullName,
    Location,
    Office,
    CountryCode,
    Region,
    Timezone,
}

/// Every field with its whole path, in the contract's key order.
const TABLE: [(ProfileField, &str); 19] = [
    (
        ProfileField::UniversalIdentifier,
        "user.universal_identifier",
    ),
    (ProfileField::EmailAddr, "user.email_addr"),
    (ProfileField::FirstName, "user.first_name"),
    (ProfileField::LastName, "user.last_name"),
    (ProfileField::FullName, "user.full_name"),
    (ProfileField::WorkStatus, "user.work_status"),
    (
        ProfileField::EmployeeStartDateTs,
        "user.employment_info.employee_start_date_ts",
    ),
    (ProfileField::Role, "user.employment_info.role"),
    (
        ProfileField::ManagerEmail,
        "user.employment_info.manager_email",
    ),
    (
        ProfileField::CostCenterId,
        "user.employment_info.cost_center_id",
    ),
    (
        ProfileField::CostCenterName,
        "user.employment_info.cost_center_name",
    ),
    (ProfileField::Department, "user.employment_info.department"),
    (
        ProfileField::OfficePhoneNumber,
        "user.employment_info.office_phone_number",
    ),
    (
        ProfileField::AssistantFullName,
        "user.employment_info.assistant_full_name",
    ),
    (
        ProfileField::Location,
        "user.employment_info.employment_location.location",
    ),
    (
        ProfileField::Office,
        "user.employment_info.employment_location.office",
    ),
    (
        ProfileField::CountryCode,
        "user.employment_info.employment_location.country_code",
    ),
    (
        ProfileField::Region,
        "user.employment_info.employment_location.region",
    ),
    (
        ProfileField::Timezone,
        "user.employment_info.employment_location.timezone",
    ),
];

// `path` looks a field up by its number, so the table must stand in the enum's order.
const _: () = {
    let mut row = 0;
    while row < TABLE.len() {
        assert!(TABLE[row].0 as usize == row);
        row += 1;
    }
};

impl ProfileField {
    /// Every field, in the contract's key order.
    pub const ALL: [Self; TABLE.len()] = {
        let mut all = [Self::UniversalIdentifier; TABLE.len()];
        let mut row = 0;
        while row < TABLE.len() {
            all[row] = TABLE[row].0;
            row += 1;
        }
        all
    };

    /// The dotted path inside `user`, for example `employment_info.role`.
    pub const fn path(self) -> &'static str {
        self.whole_path().split_at(PREFIX.len()).1
    }

    /// The dotted path from the item, for example `user.employment_info.role`.
    pub const fn whole_path(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The field with exactly this [`path`](Self::path); case counts.
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.path() == path)
    }

    /// Whether the value is a moment and not text.
    pub fn is_time(self) -> bool {
        self == Self::EmployeeStartDateTs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_path_and_only_by_it() {
        for field in ProfileField::ALL {
            assert_eq!(ProfileField::from_path(field.path()), Some(field));
            assert_eq!(ProfileField::from_path(field.whole_path()), None);
            assert_eq!(ProfileField::from_path(&field.path().to_uppercase()), None);
            assert_eq!(field.whole_path(), format!("user.{}", field.path()));
        }
        assert_eq!(ProfileField::from_path("state"), None);
        assert_eq!(ProfileField::from_path(""), None);
    }

    #[test]
    fn only_the_start_date_is_a_time() {
        let times: Vec<_> = ProfileField::ALL
            .into_iter()
            .filter(|field| field.is_time())
            .collect();
        assert_eq!(times, [ProfileField::EmployeeStartDateTs]);
    }
}
