//! A save that came as far as a whole temporary file, and not to its rename: the program was killed
//! before it, or the system refused it, as a quota group of btrfs does at its limit.
//!
//! Where the refresh token of the old document was spent for the new one, the new one is all that is
//! left of the sign-in.

use std::ffi::OsStr;
use std::fs::File;
use std::sync::Arc;

use crate::file::{TEMPORARY, flush_name};
use crate::folder::{Entry, Kind};
use crate::place::{Content, Place};
use crate::{Error, format};

/// Finishes such a save. It takes the locks, and that nothing is being written here.
pub(crate) fn finish(place: &Arc<Place>) -> Result<(), Error> {
    let name = place.beside(TEMPORARY);
    let Some(temporary) = open_own(place, &name) else { return Ok(()) };
    let Some(current) = place.open()? else { return Ok(()) };
    if !is_newer(&temporary, &current) {
        return Ok(());
    }
    match place.read_from(&temporary)? {
        Content::Bytes(new) if is_successor(&new, &place.read_from(&current)?) => {}
        _ => return Ok(()),
    }
    let kept = || place.folder().path().join(&name);
    let renamed = place.folder().rename(&name, place.name());
    renamed.map_err(|source| Error::NotReplaced { path: place.path(), kept: kept(), source })?;
    tracing::debug!(path = %place.path().display(), "a save that was interrupted is finished");
    flush_name(place)
}

/// The temporary file, where nobody else can have made it.
fn open_own(place: &Place, name: &OsStr) -> Option<File> {
    let file = place.folder().open_file(name).ok()?;
    let entry = Entry::of(&file).ok()?;
    let is_own = entry.kind == Kind::File && entry.untrusted_owner().is_none() && !entry.shared;
    is_own.then_some(file)
}

/// A document that was written after the temporary file is not its predecessor.
fn is_newer(temporary: &File, current: &File) -> bool {
    let written = |file: &File| file.metadata().and_then(|it| it.modified()).ok();
    written(temporary) >= written(current)
}

/// Whether `new` is a later sign-in of the account of `old`, so that it may take its place without
/// being asked for.
pub(crate) fn is_successor(new: &[u8], old: &Content) -> bool {
    let Content::Bytes(old) = old else { return false };
    let (Ok(new), Ok(old)) = (format::parse(new), format::parse(old)) else { return false };
    let is_same_account =
        new.account_id() == old.account_id() && new.auth_mode() == old.auth_mode();
    is_same_account
        && old.refresh_token().is_some()
        && new.refresh_token().is_some()
        && new.last_refresh() > old.last_refresh()
}
