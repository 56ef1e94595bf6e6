//! `/v2/clients/…`

mod examples;
