use crate::file_location::Content;
use crate::{AuthDocument, format};

/// Whether `new` is a later sign-in of the same account, so that it may replace `old`.
pub(crate) fn is_successor(new: &[u8], old: &Content) -> bool {
    let Content::Bytes(old) = old else { return false };
    let (Ok(new), Ok(old)) = (format::parse(new), format::parse(old)) else { return false };
    is_later(&new, &old)
}

/// The same for parsed documents.
pub(crate) fn is_later(new: &AuthDocument, old: &AuthDocument) -> bool {
    let is_same_account =
        new.account_id() == old.account_id() && new.auth_mode() == old.auth_mode();
    is_same_account
        && old.refresh_token().is_some()
        && new.refresh_token().is_some()
        && new.last_refresh() > old.last_refresh()
}
