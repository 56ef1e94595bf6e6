//! Which tables there are, and their columns.

/// What a column holds; either may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TEXT.
    Text,
    /// BIGINT.
    Number,
}
use Kind::{Number, Text};

/// A table, column by column.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, those of the key first and in the key's order.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub key: usize,
    /// Whether it has rows before anybody has used the database.
    pub has_rows_of_its_own: bool,
}

/// Every table that is copied.
pub static TABLES: &[Table] = &[
    Table {
        has_rows_of_its_own: true,
        ..table("counters", 1, &[("name", Text), ("number", Number)])
    },
    Table {
        has_rows_of_its_own: true,
        ..table("secrets", 1, &[("name", Text), ("value", Text)])
    },
    table(
        "clients",
        1,
        &[
            ("id", Text),
            ("name", Text),
            ("partner_id", Text),
            ("partner_name", Text),
            ("enrollment_token", Text),
            ("created_at", Number),
            ("updated_at", Number),
            ("revision", Number),
            ("change_number", Number),
            ("provisioning", Text),
        ],
    ),
    table(
        "instances",
        1,
        &[("name", Text), ("client_id", Text), ("created_at", Number)],
    ),
    table(
        "instance_keys",
        1,
        &[
            ("id", Text),
            ("instance", Text),
            ("audience", Text),
            ("algorithm", Text),
            ("pem", Text),
            ("created_at", Number),
        ],
    ),
    table(
        "tokens",
        1,
        &[
            ("id", Text),
            ("hash", Text),
            ("name", Text),
            ("client_id", Text),
            ("scopes", Text),
            ("limits", Text),
            ("created_at", Number),
            ("expires_at", Number),
            ("revoked_at", Number),
            ("registry_number", Number),
            ("oauth_client", Text),
            ("last_used_at", Number),
        ],
    ),
    table(
        "oauth_clients",
        1,
        &[
            ("id", Text),
            ("name", Text),
            ("client_id", Text),
            ("scopes", Text),
            ("limits", Text),
            ("created_at", Number),
            ("revoked_at", Number),
            ("last_used_at", Number),
        ],
    ),
    table(
        "oauth_secrets",
        1,
        &[
            ("hash", Text),
            ("oauth_client_id", Text),
            ("created_at", Number),
            ("expires_at", Number),
        ],
    ),
    table(
        "operators",
        1,
        &[
            ("id", Text),
            ("issuer", Text),
            ("subject", Text),
            ("name", Text),
            ("signed_in_at", Number),
        ],
    ),
    table(
        "sessions",
        1,
        &[
            ("hash", Text),
            ("owner", Text),
            ("holder", Text),
            ("created_at", Number),
            ("expires_at", Number),
        ],
    ),
    table(
        "users",
        2,
        &[
            ("client_id", Text),
            ("id", Text),
            ("username", Text),
            ("user_key", Text),
            ("user_key_folded", Text),
            ("external_id", Text),
            ("state", Text),
            ("profile", Text),
            ("created_at", Number),
            ("updated_at", Number),
            ("deleted_at", Number),
            ("revision", Number),
            ("departments", Text),
            ("held", Text),
            ("provenance", Text),
        ],
    ),
    table(
        "departures",
        3,
        &[
            ("client_id", Text),
            ("source", Text),
            ("user_id", Text),
            ("at", Number),
        ],
    ),
    table(
        "renames",
        2,
        &[
            ("client_id", Text),
            ("number", Number),
            ("user_id", Text),
            ("username", Text),
            ("at", Number),
        ],
    ),
    table(
        "departments",
        2,
        &[
            ("client_id", Text),
            ("id", Text),
            ("name", Text),
            ("name_folded", Text),
            ("description", Text),
            ("created_at", Number),
            ("updated_at", Number),
            ("deleted_at", Number),
            ("revision", Number),
            ("external_id", Text),
        ],
    ),
    table(
        "changes",
        2,
        &[
            ("client_id", Text),
            ("number", Number),
            ("at", Number),
            ("actor", Text),
            ("source", Text),
            ("entity", Text),
            ("entity_id", Text),
            ("action", Text),
            ("detail", Text),
            ("previous", Number),
        ],
    ),
    table(
        "activity_counters",
        1,
        &[("client_id", Text), ("number", Number), ("folded", Number)],
    ),
    table(
        "activity_log",
        2,
        &[
            ("client_id", Text),
            ("number", Number),
            ("at", Number),
            ("reports", Text),
        ],
    ),
    table(
        "activity",
        2,
        &[
            ("client_id", Text),
            ("user_id", Text),
            ("desktop_at", Number),
            ("web_at", Number),
            ("desktop_days", Text),
            ("web_days", Text),
        ],
    ),
    table(
        "idempotency",
        3,
        &[
            ("client_id", Text),
            ("actor", Text),
            ("key", Text),
            ("fingerprint", Text),
            ("answer", Text),
            ("at", Number),
        ],
    ),
    table(
        "imports",
        2,
        &[
            ("client_id", Text),
            ("id", Text),
            ("file_name", Text),
            ("format", Text),
            ("actor", Text),
            ("upload_id", Text),
            ("state", Text),
            ("started_at", Number),
            ("updated_at", Number),
            ("bytes", Number),
            ("bytes_done", Number),
            ("totals", Text),
            ("bad", Text),
            ("failure", Text),
        ],
    ),
    table(
        "scim_log_counters",
        1,
        &[("client_id", Text), ("number", Number)],
    ),
    table(
        "scim_log",
        2,
        &[
            ("client_id", Text),
            ("number", Number),
            ("at", Number),
            ("actor", Text),
            ("method", Text),
            ("target", Text),
            ("status", Number),
            ("duration_us", Number),
            ("quirks", Text),
            ("changes", Text),
            ("facts", Text),
            ("sent", Text),
            ("answered", Text),
        ],
    ),
];

const fn table(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table {
        name,
        columns,
        key,
        has_rows_of_its_own: false,
    }
}
