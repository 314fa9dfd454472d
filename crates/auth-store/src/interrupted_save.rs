//! A save that wrote the whole temporary file but was not renamed: the process was killed, or the
//! system refused the rename, as btrfs does at the limit of a quota group.
//!
//! If the refresh token of the old document was used for the new one, the new one is all that is left
//! of the sign-in.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::file::{MERGED, TEMPORARY, flush_name};
use crate::file_location::{Content, FileLocation};
use crate::folder::{Entry, remove_if_there};
use crate::successor::is_later;
use crate::temp_file::TempFile;
use crate::{AuthDocument, Error, FileKind, format};

/// Finishes such a save, or returns the new document if it may not replace the old one. Call it under
/// the locks and before a temporary file is made.
pub(crate) fn finish(location: &Arc<FileLocation>) -> Result<Option<AuthDocument>, Error> {
    let name = location.beside(TEMPORARY);
    let Some((temporary, bytes, new)) = whole(location, &name) else { return Ok(None) };
    let Some(current) = location.open()? else { return Ok(Some(new)) };
    let Content::Bytes(old) = location.read_from(&current)? else { return Ok(Some(new)) };
    let Ok(old) = format::parse(&old) else { return Ok(Some(new)) };
    if !is_later(&new, &old) {
        return Ok(Some(new).filter(|new| !is_same_sign_in(new, &old)));
    }
    let is_younger = written(&current) > written(&temporary);
    if is_younger && old.last_refresh().is_none() {
        return Ok(Some(new));
    }
    let edited = match is_younger {
        true => merge_tokens(old, new, &bytes).map_err(|source| not_writable(location, source))?,
        false => None,
    };
    match edited {
        Some(edited) => replace_both(location, &name, &edited)?,
        None => {
            let kept = || location.folder().path().join(&name);
            let renamed = location.folder().rename(&name, location.name());
            let refused =
                |source| Error::NotReplaced { path: location.path(), kept: kept(), source };
            renamed.map_err(refused)?;
        }
    }
    tracing::debug!(path = %location.path().display(), "a save that was interrupted is finished");
    flush_name(location).map(|()| None)
}

/// The old document with the new tokens, if it may have been edited since.
fn merge_tokens(
    mut old: AuthDocument,
    new: AuthDocument,
    bytes: &[u8],
) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    old.take_sign_in_of(new);
    let edited = format::serialize(&old)?;
    Ok(Some(edited).filter(|edited| **edited != *bytes))
}

/// Writes the document and then removes the temporary file.
fn replace_both(
    location: &Arc<FileLocation>,
    temporary: &OsStr,
    bytes: &[u8],
) -> Result<(), Error> {
    let mut file = TempFile::replace(location, location.beside(MERGED))?;
    file.fill(bytes)?;
    file.rename(location.name()).map_err(|source| not_writable(location, source))?;
    flush_name(location)?;
    remove_if_there(location.folder(), temporary).map_err(|source| not_writable(location, source))
}

/// The temporary file with a complete document, if no other user can have made it.
fn whole(
    location: &FileLocation,
    name: &OsStr,
) -> Option<(File, Zeroizing<Vec<u8>>, AuthDocument)> {
    let file = open_own(location, name)?;
    let Ok(Content::Bytes(bytes)) = location.read_from(&file) else { return None };
    let document = format::parse(&bytes).ok().filter(AuthDocument::is_signed_in)?;
    Some((file, bytes, document))
}

/// Whether there is such a save.
pub(crate) fn exists(location: &FileLocation) -> bool {
    whole(location, &location.beside(TEMPORARY)).is_some()
}

/// The temporary file, if no other user can have made it.
fn open_own(location: &FileLocation, name: &OsStr) -> Option<File> {
    let file = location.folder().open_file(name).ok()?;
    let entry = Entry::from_file(&file).ok()?;
    let is_own = entry.kind == FileKind::File && entry.untrusted_owner().is_none() && !entry.shared;
    is_own.then_some(file)
}

fn written(file: &File) -> Option<SystemTime> {
    file.metadata().and_then(|it| it.modified()).ok()
}

fn not_writable(location: &FileLocation, source: io::Error) -> Error {
    Error::NotWritable { path: location.path(), source }
}

/// The backup of a file that is written in place has the tokens of the old document.
fn is_same_sign_in(new: &AuthDocument, old: &AuthDocument) -> bool {
    let (new, old) = (new.refresh_token(), old.refresh_token());
    new.zip(old).is_some_and(|(new, old)| new.expose() == old.expose())
}
