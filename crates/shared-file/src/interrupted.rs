use std::ffi::OsStr;
use std::fs::File;
use std::time::SystemTime;

use crate::file_location::FileLocation;
use crate::folder::Entry;
use crate::replace::flush_name;
use crate::{Error, FileKind};

/// Finishes a write that wrote the whole temporary file but was not renamed: the process was killed, or
/// the system refused the rename, as btrfs does at the limit of a quota group. Nothing
/// happens if the file was written since. Call it under the locks.
pub(crate) fn finish_interrupted(location: &FileLocation) -> Result<(), Error> {
    let temporary = location.temporary();
    let Some(left) = open_own(location, &temporary) else { return Ok(()) };
    let Some(current) = location.open()? else { return Ok(()) };
    if modified(&current) > modified(&left)
        || !location.is_successor(&location.read_once(&left)?, &location.read_once(&current)?)
    {
        return Ok(());
    }
    location.folder().rename(&temporary, location.name()).map_err(|source| {
        let kept = location.folder().path().join(&temporary);
        Error::NotReplaced { path: location.path(), kept, source }
    })?;
    tracing::debug!(path = %location.path().display(), "an interrupted write is finished");
    flush_name(location)
}

/// A file beside the shared one, if no other user can have made it.
fn open_own(location: &FileLocation, name: &OsStr) -> Option<File> {
    let file = location.folder().open_file(name).ok()?;
    let entry = Entry::from_file(&file).ok()?;
    let is_own = entry.kind == FileKind::File && entry.untrusted_owner().is_none() && !entry.shared;
    is_own.then_some(file)
}

fn modified(file: &File) -> Option<SystemTime> {
    file.metadata().and_then(|it| it.modified()).ok()
}
