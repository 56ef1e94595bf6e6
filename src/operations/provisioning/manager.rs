//! A manager who is named by their id, as Entra ID does it: the profile knows managers by their
//! e-mail address. It is looked up when the manager is named, and does not follow theirs later.

use scim::Map;

use crate::model::id::UserId;
use crate::model::profile::{Profile, ProfileDraft, ProfileField};
use crate::operations::error::Error;
use crate::operations::provisioning::mapping::{manager_id, names_manager};
use crate::operations::write::Write;
use crate::store;

/// The profile of somebody of whom was said `before` and is said `now`, with their manager's address,
/// if another id names them or none does any more.
pub(super) fn with_manager(
    write: &mut Write<'_, '_>,
    profile: Profile,
    before: &Map,
    now: &Map,
) -> Result<Profile, Error> {
    let (former, manager) = (manager_id(before), manager_id(now));
    if former == manager || (manager.is_none() && names_manager(now)) {
        return Ok(profile);
    }
    let found = match manager.and_then(UserId::parse) {
        None => None,
        Some(id) => store::users::find(write.tx, write.client, id)?,
    };
    let address = found.and_then(|manager| {
        let address = manager.profile.get(ProfileField::EmailAddr);
        address.map(str::to_owned)
    });
    if address.is_none() && former.is_none() {
        // An id that tells nothing takes nothing away.
        return Ok(profile);
    }
    let mut draft = ProfileDraft::from(&profile);
    draft.set(ProfileField::ManagerEmail, address);
    Ok(draft.finish())
}
