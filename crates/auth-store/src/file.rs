use std::ffi::OsString;
use std::io::{self, Write as _};
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::folder::remove_if_there;
use crate::new_file::{NewFile, clear};
use crate::place::{Content, Place};
use crate::seen::Seen;
use crate::{Error, Location};

/// The one name of a file that is being written: what a writer that died has left is recognized and
/// removed.
pub(crate) const TEMPORARY: &str = ".login-cli.tmp";

/// What a file held that has to be written in its place.
const BACKUP: &str = ".bak";

/// The temporary file of a save to come, with room for this many bytes on the disk. It is beside the
/// file, so that a rename never crosses file systems.
pub(crate) fn reserve(place: &Arc<Place>, room: u64) -> Result<NewFile, Error> {
    let mut new = temporary(place)?;
    new.allocate(room)?;
    Ok(new)
}

/// Puts `bytes` in the place of the content that was seen, under the locks. [`flush_name`] makes it
/// last.
///
/// With a file that was reserved, no step needs space, memory or a descriptor that it does not have
/// already. After an error it stays reserved, if it can be used once more.
pub(crate) fn replace(
    place: &Arc<Place>,
    seen: &mut Seen,
    reserved: &mut Option<NewFile>,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<(), Error> {
    let was_reserved = reserved.is_some();
    let mut new = match reserved.take() {
        Some(new) => new,
        None => temporary(place)?,
    };
    match swap(place, seen, &mut new, &bytes) {
        Ok(Swap::Renamed) => *seen = Seen::written(bytes, new.into_file()),
        Ok(Swap::InPlace) => *seen = Seen::without_file(Content::Bytes(bytes)),
        Err(error) => {
            *reserved = Some(new).filter(|new| was_reserved && new.is_sound());
            return Err(error);
        }
    }
    Ok(())
}

fn temporary(place: &Arc<Place>) -> Result<NewFile, Error> {
    NewFile::replace(place, place.beside(TEMPORARY))
}

/// How the new content came into its place.
enum Swap {
    Renamed,
    InPlace,
}

fn swap(
    place: &Arc<Place>,
    seen: &mut Seen,
    new: &mut NewFile,
    bytes: &[u8],
) -> Result<Swap, Error> {
    new.fill(bytes)?;
    if !seen.is_there(place)? {
        return Err(Error::Changed { location: Location::File(place.path()) });
    }
    match new.rename(place.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            in_place(place, bytes).map(|()| Swap::InPlace)
        }
        Err(source) => Err(Error::NotWritable { path: place.path(), source }),
        Ok(()) => Ok(Swap::Renamed),
    }
}

/// Writes into the file itself, which a container may have as a mount of its own: nothing can be
/// renamed over that. What it holds is copied first, to `auth.json.bak` with mode 0600, and the copy
/// stays until the new document is on the disk.
fn in_place(place: &Arc<Place>, bytes: &[u8]) -> Result<(), Error> {
    let name = place.beside(BACKUP);
    let path = place.path();
    let refused = |source| Error::NotWritable { path: path.clone(), source };
    clear(place.folder(), &name)?;
    let copy = copy(place, name)?;
    flush_name(place)?;
    let mut file = place.folder().open_for_writing(place.name()).map_err(refused)?;
    let length = bytes.len() as u64;
    let written = file.write_all(bytes).and_then(|()| file.set_len(length));
    let halfway = |source| Error::HalfWritten { path: path.clone(), copy: copy.keep(), source };
    written.and_then(|()| file.sync_all()).map_err(halfway)?;
    tracing::debug!(path = %path.display(), "a file that is a mount was written in its place");
    Ok(())
}

/// Removes the file, and what a writer that died may have left beside it. A link that led to it stays,
/// for the next sign-in. A file that is a mount of its own cannot go; it becomes an empty document.
pub(crate) fn remove(place: &Arc<Place>) -> Result<bool, Error> {
    let refused = |source| Error::NotWritable { path: place.path(), source };
    let was_there = place.is_there()?;
    match remove_if_there(place.folder(), place.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => in_place(place, b"{}")?,
        other => other.map_err(refused)?,
    }
    for name in [TEMPORARY, BACKUP] {
        remove_if_there(place.folder(), &place.beside(name)).map_err(refused)?;
    }
    flush_name(place)?;
    Ok(was_there)
}

/// Flushes the folder, so that the names in it survive a power loss.
pub(crate) fn flush_name(place: &Place) -> Result<(), Error> {
    let lost = |source| Error::NotDurable { path: place.path(), source };
    place.folder().sync().map_err(lost)
}

/// Copies the file, unreadable as it is, to a name with the time in it. A copy and not a rename,
/// so that the old file is in its place until the new one is.
pub(crate) fn set_aside(place: &Arc<Place>, now: Timestamp) -> Result<NewFile, Error> {
    copy(place, place.beside(&format!(".corrupt-{}", format!("{now:.6}").replace(['-', ':'], ""))))
}

fn copy(place: &Arc<Place>, name: OsString) -> Result<NewFile, Error> {
    let refused = |source| Error::NotWritable { path: place.path(), source };
    let gone = || refused(io::ErrorKind::NotFound.into());
    let original = place.open()?.ok_or_else(gone)?;
    let mut copy = NewFile::create(place, name)?;
    copy.copy(&original)?;
    Ok(copy)
}
