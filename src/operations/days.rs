//! The days on which a person was seen.
//!
//! Asked of the database and not of the image, which does not have them: as with provenance, they are
//! asked for one by one.

use crate::model::activity::DaysSeen;
use crate::model::days::Day;
use crate::model::id::UserId;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::users::unknown;
use crate::store;

/// The days on which a user was seen, as far as they are kept. What was reported a moment ago is among
/// them.
pub async fn of_user(app: &App, access: &Access, id: UserId) -> Result<DaysSeen, Error> {
    let client = access.client();
    let first_day = Day::of(app.now()).first_kept();
    let read = app.store.read(move |tx| {
        store::clients::change_number(tx, client)?
            .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
        let user = store::users::find(tx, client, id)?.filter(|user| user.deleted_at.is_none());
        user.ok_or_else(|| unknown(id))?;
        let mut seen = store::activity::days_of_user(tx, client, id)?;
        // The row may not have been written since some of them became too old.
        seen.forget_before(first_day);
        Ok(seen)
    });
    read.await
}
