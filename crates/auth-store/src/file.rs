use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::file_location::{Content, FileLocation};
use crate::folder::remove_if_there;
use crate::mount::{BACKUP, Mounted};
use crate::snapshot::Snapshot;
use crate::successor::is_successor;
use crate::temp_file::{TempFile, clear};
use crate::{Error, Location};

/// The only name of temporary files, so that those of a killed process are found and removed.
pub(crate) const TEMPORARY: &str = ".login-cli.tmp";

/// The edited document with the tokens of an interrupted save.
pub(crate) const MERGED: &str = ".login-cli.merged";

/// What a save needs: a temporary file beside the document, so that the rename stays on one file
/// system, and the document itself if it is a mount, which is written in place.
pub(crate) struct Reserved {
    new: TempFile,
    mounted: Option<Mounted>,
}

/// Reserves this many bytes on the disk.
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
        let not_writable = |source| Error::NotWritable { path: location.path(), source };
        let length = mounted.padded_length().map_err(not_writable)?;
        snapshot.pad(length);
        // The temporary file becomes the copy of the old content.
        room = room.max(length);
        reserved.mounted = Some(mounted);
    }
    reserved.new.allocate(room)?;
    Ok(reserved)
}

/// Replaces the content of the snapshot by `bytes`, under the locks. [`flush_name`] makes it durable.
///
/// After a reservation no step needs more space, memory or descriptors. After an error the reservation
/// is kept if it can be used again.
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
    match rename_or_overwrite(location, snapshot, &mut reservation, &bytes) {
        Ok(ReplaceMethod::Renamed) => {
            *snapshot = Snapshot::written(bytes, reservation.new.into_file());
        }
        Ok(ReplaceMethod::Overwritten) => *snapshot = Snapshot::without_file(Content::Bytes(bytes)),
        Err(error) => {
            let is_usable = reservation.mounted.is_none() && reservation.new.is_sound();
            *reserved = Some(reservation).filter(|_| was_reserved && is_usable);
            return Err(error);
        }
    }
    Ok(())
}

/// A temporary file without reserved space.
fn unreserved(location: &Arc<FileLocation>) -> Result<Box<Reserved>, Error> {
    let new = TempFile::replace(location, location.beside(TEMPORARY))?;
    Ok(Box::new(Reserved { new, mounted: None }))
}

/// How the new content was stored.
enum ReplaceMethod {
    Renamed,
    Overwritten,
}

fn rename_or_overwrite(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Reserved,
    bytes: &[u8],
) -> Result<ReplaceMethod, Error> {
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
        // A mount that the system did not report.
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            in_place(location, snapshot, reserved, bytes)
        }
        Err(source) if is_successor(bytes, snapshot.content()) => {
            Err(Error::NotReplaced { path: location.path(), kept: reserved.new.keep(), source })
        }
        Err(source) => Err(Error::NotWritable { path: location.path(), source }),
        Ok(()) => Ok(ReplaceMethod::Renamed),
    }
}

/// Writes the temporary file and renames it. If another program has removed it meanwhile, it is created
/// again.
fn write_and_name(
    location: &Arc<FileLocation>,
    new: &mut TempFile,
    mut write: impl FnMut(&mut TempFile) -> Result<(), Error>,
    name: impl Fn(&mut TempFile) -> io::Result<()>,
) -> Result<io::Result<()>, Error> {
    write(new)?;
    match name(new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The next one has the same name.
            new.keep();
            *new = TempFile::replace(location, location.beside(TEMPORARY))?;
            write(new)?;
            Ok(name(new))
        }
        named => Ok(named),
    }
}

fn check_unchanged(location: &FileLocation, snapshot: &mut Snapshot) -> Result<(), Error> {
    match snapshot.is_unchanged(location)? {
        true => Ok(()),
        false => Err(Error::Changed { location: Location::File(location.path()) }),
    }
}

/// Writes into the file itself. Its content is first copied to `auth.json.login-cli.bak` with mode
/// 0600; the copy is removed when the new document is on the disk.
fn in_place(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Reserved,
    bytes: &[u8],
) -> Result<ReplaceMethod, Error> {
    check_unchanged(location, snapshot)?;
    let path = location.path();
    let copied = write_and_name(
        location,
        &mut reserved.new,
        |new| match snapshot.content() {
            Content::Bytes(old) => new.fill(old),
            _ => new.copy(&location.open()?.ok_or_else(|| file_missing_error(location))?),
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
    Ok(ReplaceMethod::Overwritten)
}

/// Removes the file and the leftovers of killed processes. A link to the file stays for the next
/// sign-in. A file that is a mount cannot be removed, so it becomes an empty document.
pub(crate) fn remove(location: &Arc<FileLocation>) -> Result<bool, Error> {
    let not_writable = |source| Error::NotWritable { path: location.path(), source };
    let was_there = location.exists()?;
    match remove_if_there(location.folder(), location.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            let mut snapshot = Snapshot::nothing();
            snapshot.read(location)?;
            let mut reserved = unreserved(location)?;
            in_place(location, &mut snapshot, &mut reserved, b"{}")?;
        }
        other => other.map_err(not_writable)?,
    }
    for name in [TEMPORARY, MERGED, BACKUP] {
        // A folder, or a file of another user, is not ours.
        if let Err(error) = remove_if_there(location.folder(), &location.beside(name)) {
            tracing::debug!(path = %location.path().display(), name, %error, "something stays beside it");
        }
    }
    flush_name(location)?;
    Ok(was_there)
}

/// Flushes the folder, so that its names survive a power loss.
pub(crate) fn flush_name(location: &FileLocation) -> Result<(), Error> {
    let lost = |source| Error::NotDurable { path: location.path(), source };
    location.folder().sync().map_err(lost)
}

/// Copies an unreadable file to a name with the time in it. It is not a rename, so that the old file
/// stays until the new one replaces it.
pub(crate) fn back_up(location: &Arc<FileLocation>, now: Timestamp) -> Result<TempFile, Error> {
    copy(
        location,
        location.beside(&format!(".corrupt-{}", format!("{now:.6}").replace(['-', ':'], ""))),
    )
}

fn copy(location: &Arc<FileLocation>, name: OsString) -> Result<TempFile, Error> {
    let original = location.open()?.ok_or_else(|| file_missing_error(location))?;
    let mut copy = TempFile::create(location, name)?;
    copy.copy(&original)?;
    Ok(copy)
}

fn file_missing_error(location: &FileLocation) -> Error {
    Error::NotWritable { path: location.path(), source: io::ErrorKind::NotFound.into() }
}
