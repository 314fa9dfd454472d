use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::file_location::{Content, FileLocation};
use crate::folder::remove_if_there;
use crate::interrupted_save::is_successor;
use crate::mount::{BACKUP, Mounted};
use crate::snapshot::Snapshot;
use crate::temp_file::{TempFile, clear};
use crate::{Error, Location};

/// The one name of a file that is being written: what a writer that died has left is recognized and
/// removed.
pub(crate) const TEMPORARY: &str = ".login-cli.tmp";

/// The edited document, with the tokens of an interrupted save.
pub(crate) const MERGED: &str = ".login-cli.merged";

/// What a save takes: the temporary file beside the document, so that a rename never crosses file
/// systems; and the document itself, where it is a mount that has to be written in its place.
pub(crate) struct Reserved {
    new: TempFile,
    mounted: Option<Mounted>,
}

/// Takes room on the disk for this many bytes.
pub(crate) fn reserve(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    room: u64,
) -> Result<Box<Reserved>, Error> {
    let mut reserved = unreserved(location)?;
    let mut room = room;
    if location.is_mount() {
        clear(location.folder(), &location.beside(BACKUP))?;
        let mounted = Mounted::open(location, room)?;
        let refused = |source| Error::NotWritable { path: location.path(), source };
        let length = mounted.padded_length().map_err(refused)?;
        snapshot.pad(length);
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
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Option<Box<Reserved>>,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<(), Error> {
    let was_reserved = reserved.is_some();
    let mut reservation = match reserved.take() {
        Some(reservation) => reservation,
        None => unreserved(location)?,
    };
    match swap(location, snapshot, &mut reservation, &bytes) {
        Ok(Swap::Renamed) => *snapshot = Snapshot::written(bytes, reservation.new.into_file()),
        Ok(Swap::InPlace) => *snapshot = Snapshot::without_file(Content::Bytes(bytes)),
        Err(error) => {
            let is_usable = reservation.mounted.is_none() && reservation.new.is_sound();
            *reserved = Some(reservation).filter(|_| was_reserved && is_usable);
            return Err(error);
        }
    }
    Ok(())
}

/// The temporary file without room.
fn unreserved(location: &Arc<FileLocation>) -> Result<Box<Reserved>, Error> {
    let new = TempFile::replace(location, location.beside(TEMPORARY))?;
    Ok(Box::new(Reserved { new, mounted: None }))
}

/// How the new content came into its place.
enum Swap {
    Renamed,
    InPlace,
}

fn swap(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Reserved,
    bytes: &[u8],
) -> Result<Swap, Error> {
    if reserved.mounted.is_some() || location.is_mount() {
        return in_place(location, snapshot, reserved, bytes);
    }
    let renamed = write_and_name(
        location,
        &mut reserved.new,
        |new| new.fill(bytes).and_then(|()| check_unchanged(location, snapshot)),
        |new| new.rename(location.name()),
    )?;
    match renamed {
        // A mount that the system has not told of.
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            in_place(location, snapshot, reserved, bytes)
        }
        Err(source) if is_successor(bytes, snapshot.content()) => {
            Err(Error::NotReplaced { path: location.path(), kept: reserved.new.keep(), source })
        }
        Err(source) => Err(Error::NotWritable { path: location.path(), source }),
        Ok(()) => Ok(Swap::Renamed),
    }
}

/// Writes the temporary file and gives it its name. Where another program has removed it meanwhile, as
/// what cleans up does, it is made anew.
fn write_and_name(
    location: &Arc<FileLocation>,
    new: &mut TempFile,
    mut write: impl FnMut(&mut TempFile) -> Result<(), Error>,
    name: impl Fn(&mut TempFile) -> io::Result<()>,
) -> Result<io::Result<()>, Error> {
    write(new)?;
    match name(new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Its name is that of the next one.
            new.keep();
            *new = TempFile::replace(location, location.beside(TEMPORARY))?;
            write(new)?;
            Ok(name(new))
        }
        named => Ok(named),
    }
}

fn check_unchanged(location: &FileLocation, snapshot: &mut Snapshot) -> Result<(), Error> {
    match snapshot.exists(location)? {
        true => Ok(()),
        false => Err(Error::Changed { location: Location::File(location.path()) }),
    }
}

/// Writes into the file itself. What it holds is copied first, to `auth.json.login-cli.bak` with mode 0600,
/// and the copy stays until the new document is on the disk.
fn in_place(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Reserved,
    bytes: &[u8],
) -> Result<Swap, Error> {
    check_unchanged(location, snapshot)?;
    let path = location.path();
    let copied = write_and_name(
        location,
        &mut reserved.new,
        |new| match snapshot.content() {
            Content::Bytes(old) => new.fill(old),
            _ => new.copy(&location.open()?.ok_or_else(|| gone(location))?),
        },
        |new| new.move_to(location.beside(BACKUP)),
    )?;
    copied.map_err(|source| Error::NotWritable { path: path.clone(), source })?;
    flush_name(location)?;
    check_unchanged(location, snapshot)?;
    let mut mounted = match reserved.mounted.take() {
        Some(mounted) => mounted,
        None => Mounted::open(location, bytes.len() as u64)?,
    };
    if let Err(source) = mounted.write(bytes) {
        return Err(Error::HalfWritten { path, copy: reserved.new.keep(), source });
    }
    tracing::debug!(path = %path.display(), "a file that is a mount was written in its place");
    Ok(Swap::InPlace)
}

/// Removes the file, and what a writer that died may have left beside it. A link that led to it stays,
/// for the next sign-in. A file that is a mount of its own cannot go; it becomes an empty document.
pub(crate) fn remove(location: &Arc<FileLocation>) -> Result<bool, Error> {
    let refused = |source| Error::NotWritable { path: location.path(), source };
    let was_there = location.exists()?;
    match remove_if_there(location.folder(), location.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            let mut snapshot = Snapshot::nothing();
            snapshot.read(location)?;
            let mut reserved = unreserved(location)?;
            in_place(location, &mut snapshot, &mut reserved, b"{}")?;
        }
        other => other.map_err(refused)?,
    }
    for name in [TEMPORARY, MERGED, BACKUP] {
        // A folder, or a file of another user, is not what a writer of ours has left.
        if let Err(error) = remove_if_there(location.folder(), &location.beside(name)) {
            tracing::debug!(path = %location.path().display(), name, %error, "something stays beside it");
        }
    }
    flush_name(location)?;
    Ok(was_there)
}

/// Flushes the folder, so that the names in it survive a power loss.
pub(crate) fn flush_name(location: &FileLocation) -> Result<(), Error> {
    let lost = |source| Error::NotDurable { path: location.path(), source };
    location.folder().sync().map_err(lost)
}

/// Copies the file, unreadable as it is, to a name with the time in it. A copy and not a rename,
/// so that the old file is in its place until the new one is.
pub(crate) fn back_up(location: &Arc<FileLocation>, now: Timestamp) -> Result<TempFile, Error> {
    copy(
        location,
        location.beside(&format!(".corrupt-{}", format!("{now:.6}").replace(['-', ':'], ""))),
    )
}

fn copy(location: &Arc<FileLocation>, name: OsString) -> Result<TempFile, Error> {
    let original = location.open()?.ok_or_else(|| gone(location))?;
    let mut copy = TempFile::create(location, name)?;
    copy.copy(&original)?;
    Ok(copy)
}

fn gone(location: &FileLocation) -> Error {
    Error::NotWritable { path: location.path(), source: io::ErrorKind::NotFound.into() }
}
