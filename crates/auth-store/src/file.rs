use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::folder::remove_if_there;
use crate::mount::{BACKUP, Mounted};
use crate::new_file::{NewFile, clear};
use crate::place::{Content, Place};
use crate::seen::Seen;
use crate::unfinished::is_successor;
use crate::{Error, Location};

/// The one name of a file that is being written: what a writer that died has left is recognized and
/// removed.
pub(crate) const TEMPORARY: &str = ".login-cli.tmp";

/// The edited document, with the tokens of an interrupted save.
pub(crate) const MERGED: &str = ".login-cli.merged";

/// What a save takes: the temporary file beside the document, so that a rename never crosses file
/// systems; and the document itself, where it is a mount that has to be written in its place.
pub(crate) struct Reserved {
    new: NewFile,
    mounted: Option<Mounted>,
}

/// Takes room on the disk for this many bytes.
pub(crate) fn reserve(
    place: &Arc<Place>,
    seen: &mut Seen,
    room: u64,
) -> Result<Box<Reserved>, Error> {
    let mut reserved = unreserved(place)?;
    let mut room = room;
    if place.is_mount() {
        clear(place.folder(), &place.beside(BACKUP))?;
        let mounted = Mounted::open(place, room)?;
        let refused = |source| Error::NotWritable { path: place.path(), source };
        let length = mounted.padded_length().map_err(refused)?;
        seen.pad(length);
        // The temporary file will be the copy of what is there.
        room = room.max(length);
        reserved.mounted = Some(mounted);
    }
    reserved.new.allocate(room)?;
    Ok(reserved)
}

/// Puts `bytes` in the place of the content that was seen, under the locks. [`flush_name`] makes it
/// last.
///
/// With what was reserved, no step needs space, memory or a descriptor that it does not have already.
/// After an error it stays reserved, if it can be used once more.
pub(crate) fn replace(
    place: &Arc<Place>,
    seen: &mut Seen,
    reserved: &mut Option<Box<Reserved>>,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<(), Error> {
    let was_reserved = reserved.is_some();
    let mut reservation = match reserved.take() {
        Some(reservation) => reservation,
        None => unreserved(place)?,
    };
    match swap(place, seen, &mut reservation, &bytes) {
        Ok(Swap::Renamed) => *seen = Seen::written(bytes, reservation.new.into_file()),
        Ok(Swap::InPlace) => *seen = Seen::without_file(Content::Bytes(bytes)),
        Err(error) => {
            let is_usable = reservation.mounted.is_none() && reservation.new.is_sound();
            *reserved = Some(reservation).filter(|_| was_reserved && is_usable);
            return Err(error);
        }
    }
    Ok(())
}

/// The temporary file without room.
fn unreserved(place: &Arc<Place>) -> Result<Box<Reserved>, Error> {
    let new = NewFile::replace(place, place.beside(TEMPORARY))?;
    Ok(Box::new(Reserved { new, mounted: None }))
}

/// How the new content came into its place.
enum Swap {
    Renamed,
    InPlace,
}

fn swap(
    place: &Arc<Place>,
    seen: &mut Seen,
    reserved: &mut Reserved,
    bytes: &[u8],
) -> Result<Swap, Error> {
    if reserved.mounted.is_some() || place.is_mount() {
        return in_place(place, seen, reserved, bytes);
    }
    let renamed = write_and_name(
        place,
        &mut reserved.new,
        |new| new.fill(bytes).and_then(|()| check_unchanged(place, seen)),
        |new| new.rename(place.name()),
    )?;
    match renamed {
        // A mount that the system has not told of.
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            in_place(place, seen, reserved, bytes)
        }
        Err(source) if is_successor(bytes, seen.content()) => {
            Err(Error::NotReplaced { path: place.path(), kept: reserved.new.keep(), source })
        }
        Err(source) => Err(Error::NotWritable { path: place.path(), source }),
        Ok(()) => Ok(Swap::Renamed),
    }
}

/// Writes the temporary file and gives it its name. Where another program has removed it meanwhile, as
/// what cleans up does, it is made anew.
fn write_and_name(
    place: &Arc<Place>,
    new: &mut NewFile,
    mut write: impl FnMut(&mut NewFile) -> Result<(), Error>,
    name: impl Fn(&mut NewFile) -> io::Result<()>,
) -> Result<io::Result<()>, Error> {
    write(new)?;
    match name(new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Its name is that of the next one.
            new.keep();
            *new = NewFile::replace(place, place.beside(TEMPORARY))?;
            write(new)?;
            Ok(name(new))
        }
        named => Ok(named),
    }
}

fn check_unchanged(place: &Place, seen: &mut Seen) -> Result<(), Error> {
    match seen.is_there(place)? {
        true => Ok(()),
        false => Err(Error::Changed { location: Location::File(place.path()) }),
    }
}

/// Writes into the file itself. What it holds is copied first, to `auth.json.login-cli.bak` with mode 0600,
/// and the copy stays until the new document is on the disk.
fn in_place(
    place: &Arc<Place>,
    seen: &mut Seen,
    reserved: &mut Reserved,
    bytes: &[u8],
) -> Result<Swap, Error> {
    check_unchanged(place, seen)?;
    let path = place.path();
    let copied = write_and_name(
        place,
        &mut reserved.new,
        |new| match seen.content() {
            Content::Bytes(old) => new.fill(old),
            _ => new.copy(&place.open()?.ok_or_else(|| gone(place))?),
        },
        |new| new.move_to(place.beside(BACKUP)),
    )?;
    copied.map_err(|source| Error::NotWritable { path: path.clone(), source })?;
    flush_name(place)?;
    check_unchanged(place, seen)?;
    let mut mounted = match reserved.mounted.take() {
        Some(mounted) => mounted,
        None => Mounted::open(place, bytes.len() as u64)?,
    };
    if let Err(source) = mounted.write(bytes) {
        return Err(Error::HalfWritten { path, copy: reserved.new.keep(), source });
    }
    tracing::debug!(path = %path.display(), "a file that is a mount was written in its place");
    Ok(Swap::InPlace)
}

/// Removes the file, and what a writer that died may have left beside it. A link that led to it stays,
/// for the next sign-in. A file that is a mount of its own cannot go; it becomes an empty document.
pub(crate) fn remove(place: &Arc<Place>) -> Result<bool, Error> {
    let refused = |source| Error::NotWritable { path: place.path(), source };
    let was_there = place.is_there()?;
    match remove_if_there(place.folder(), place.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            let mut seen = Seen::nothing();
            seen.read(place)?;
            let mut reserved = unreserved(place)?;
            in_place(place, &mut seen, &mut reserved, b"{}")?;
        }
        other => other.map_err(refused)?,
    }
    for name in [TEMPORARY, MERGED, BACKUP] {
        // A folder, or a file of another user, is not what a writer of ours has left.
        if let Err(error) = remove_if_there(place.folder(), &place.beside(name)) {
            tracing::debug!(path = %place.path().display(), name, %error, "something stays beside it");
        }
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
    let original = place.open()?.ok_or_else(|| gone(place))?;
    let mut copy = NewFile::create(place, name)?;
    copy.copy(&original)?;
    Ok(copy)
}

fn gone(place: &Place) -> Error {
    Error::NotWritable { path: place.path(), source: io::ErrorKind::NotFound.into() }
}
