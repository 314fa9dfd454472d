//! Replaces and removes the file of the document, and finishes what a killed process began.

use std::ffi::OsStr;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Seek as _, Write as _};
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::file_location::{BACKUP, Content, FileLocation};
use crate::folder::{Entry, remove_if_there};
use crate::snapshot::Snapshot;
use crate::temp_file::{TempFile, clear};
use crate::{Error, FileKind, Location, format};

/// The only name of temporary files, so that those of a killed process are found and removed.
pub(crate) const TEMPORARY: &str = ".login-cli.tmp";

/// What a save needs: a temporary file beside the document, so that the rename stays on one file
/// system, and the document itself if it is a mount, which is written in place.
pub(crate) struct Reserved {
    temporary: TempFile,
    mount: Option<File>,
}

impl Reserved {
    /// Reserves this many bytes on the disk.
    pub(crate) fn with_room(location: &Arc<FileLocation>, room: u64) -> Result<Self, Error> {
        preallocate(room);
        let mut reserved = Self::new(location)?;
        let mut room = room;
        if location.is_mount() {
            clear(location, BACKUP)?;
            let mount = open_mount(location, room)?;
            // The temporary file becomes the copy of the old content.
            room =
                room.max(mount.metadata().map_err(|source| location.not_writable(source))?.len());
            reserved.mount = Some(mount);
        }
        reserved.temporary.allocate(room)?;
        Ok(reserved)
    }

    fn new(location: &Arc<FileLocation>) -> Result<Self, Error> {
        Ok(Self { temporary: TempFile::replace(location, TEMPORARY)?, mount: None })
    }
}

/// The memory for a request, its answer and a change, besides two copies of the document.
const MEMORY: usize = 1024 * 1024;

/// Makes the allocator keep the memory for a save of this many bytes, because without memory the
/// process would die in the middle of the save.
///
/// The allocator of glibc returns a large block to the system at once, but keeps the next one of that
/// size. With other allocators this may have no effect.
fn preallocate(length: u64) {
    let length = usize::try_from(length).unwrap_or_default() * 2 + MEMORY;
    for _ in 0..2 {
        // Untouched memory may not be available when it is used.
        drop(black_box(vec![1_u8; length]));
    }
}

/// Replaces the content of the snapshot by `bytes`, durably, under the locks.
///
/// After a reservation no step needs more space, memory or descriptors. After an error the reservation
/// is kept if it can be used again.
pub(crate) fn replace(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Option<Reserved>,
    bytes: Content,
) -> Result<(), Error> {
    let was_reserved = reserved.is_some();
    let mut reservation = reserved.take().map_or_else(|| Reserved::new(location), Ok)?;
    if reservation.mount.is_some() || location.is_mount() {
        overwrite(location, snapshot, reservation, &bytes)?;
    } else {
        reservation.temporary.write(&bytes)?;
        match rename(location, snapshot, &mut reservation.temporary, &bytes) {
            // A mount that the system did not report.
            Err(Error::NotWritable { source, .. })
                if source.kind() == io::ErrorKind::ResourceBusy =>
            {
                overwrite(location, snapshot, reservation, &bytes)?;
            }
            Err(error @ (Error::Changed { .. } | Error::NotReplaced { .. })) => {
                *reserved = Some(reservation).filter(|_| was_reserved);
                return Err(error);
            }
            other => other?,
        }
    }
    *snapshot = Snapshot::from(Some(bytes));
    flush_name(location)
}

fn rename(
    location: &FileLocation,
    snapshot: &Snapshot,
    temporary: &mut TempFile,
    bytes: &[u8],
) -> Result<(), Error> {
    check_unchanged(location, snapshot)?;
    temporary.rename(location.name()).map_err(|source| {
        let may_work_later =
            ![io::ErrorKind::NotFound, io::ErrorKind::ResourceBusy].contains(&source.kind());
        match &snapshot.content {
            Some(old) if may_work_later && is_successor(bytes, old) => {
                Error::NotReplaced { path: location.path(), kept: temporary.keep(), source }
            }
            _ => location.not_writable(source),
        }
    })
}

fn check_unchanged(location: &FileLocation, snapshot: &Snapshot) -> Result<(), Error> {
    match snapshot.is_unchanged(location)? {
        true => Ok(()),
        false => Err(Error::Changed { location: Location::File(location.path()) }),
    }
}

/// Writes into the file itself. Its content is first copied to `auth.json.login-cli.bak` with mode
/// 0600; the copy is removed when the new document is on the disk.
fn overwrite(
    location: &Arc<FileLocation>,
    snapshot: &Snapshot,
    reserved: Reserved,
    bytes: &[u8],
) -> Result<(), Error> {
    let Reserved { temporary: mut copy, mount } = reserved;
    let mount = mount.map_or_else(|| open_mount(location, bytes.len() as u64), Ok)?;
    copy.copy(&mount)?;
    copy.move_to(BACKUP).map_err(|source| location.not_writable(source))?;
    flush_name(location)?;
    check_unchanged(location, snapshot)?;
    let path = location.path();
    if let Err(source) = write_over(&mount, bytes) {
        return Err(Error::HalfWritten { path, copy: copy.keep(), source });
    }
    tracing::debug!(path = %path.display(), "a file that is a mount was written in place");
    Ok(())
}

/// Opens a file that is a mount, with disk space for this many bytes.
fn open_mount(location: &FileLocation, room: u64) -> Result<File, Error> {
    let opened = location.folder().open_for_writing(location.name(), room);
    opened.map_err(|source| location.not_writable(source))
}

/// Replaces the content with one write that is at least as long, so that a reader finds no rest of the
/// old document. JSON parsers skip the white space at the end, which is then removed.
fn write_over(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default().max(bytes.len());
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(bytes);
    padded.resize(length, b'\n');
    file.rewind()?;
    file.write_all(&padded)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Removes the file and the leftovers of killed processes. A link to the file stays for the next
/// sign-in. A file that is a mount cannot be removed, so it becomes an empty document.
pub(crate) fn remove(location: &Arc<FileLocation>) -> Result<bool, Error> {
    let was_there = location.exists()?;
    match remove_if_there(location.folder(), location.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            overwrite(location, &Snapshot::read(location)?, Reserved::new(location)?, b"{}")?;
        }
        other => other.map_err(|source| location.not_writable(source))?,
    }
    for suffix in [TEMPORARY, BACKUP] {
        // A folder, or a file of another user, is not ours.
        if let Err(error) = clear(location, suffix) {
            tracing::debug!(%error, "something stays beside the document");
        }
    }
    flush_name(location)?;
    Ok(was_there)
}

/// Flushes the folder, so that its names survive a power loss.
fn flush_name(location: &FileLocation) -> Result<(), Error> {
    let not_durable = |source| Error::NotDurable { path: location.path(), source };
    location.folder().sync().map_err(not_durable)
}

/// Copies an unreadable file to a name with the time in it. It is not a rename, so that the old file
/// stays until the new one replaces it.
pub(crate) fn back_up(location: &Arc<FileLocation>, now: Timestamp) -> Result<TempFile, Error> {
    let missing = || location.not_writable(io::ErrorKind::NotFound.into());
    let original = location.open()?.ok_or_else(missing)?;
    let time = format!("{now:.6}").replace(['-', ':'], "");
    let mut copy = TempFile::create(location, &format!(".corrupt-{time}"))?;
    copy.copy(&original)?;
    Ok(copy)
}

/// Finishes a save that wrote the whole temporary file but was not renamed: the process was killed, or
/// the system refused the rename, as btrfs does at the limit of a quota group. The old refresh token
/// may be used up. Nothing happens if the document was written since. Call it under the locks.
pub(crate) fn finish_interrupted(location: &FileLocation) -> Result<(), Error> {
    let temporary = location.beside(TEMPORARY);
    let Some(left) = open_own(location, &temporary) else { return Ok(()) };
    let Some(current) = location.open()? else { return Ok(()) };
    if modified(&current) > modified(&left)
        || !is_successor(&location.read_once(&left)?, &location.read_once(&current)?)
    {
        return Ok(());
    }
    location.folder().rename(&temporary, location.name()).map_err(|source| {
        let kept = location.folder().path().join(&temporary);
        Error::NotReplaced { path: location.path(), kept, source }
    })?;
    tracing::debug!(path = %location.path().display(), "an interrupted save is finished");
    flush_name(location)
}

/// A file beside the document, if no other user can have made it.
fn open_own(location: &FileLocation, name: &OsStr) -> Option<File> {
    let file = location.folder().open_file(name).ok()?;
    let entry = Entry::from_file(&file).ok()?;
    let is_own = entry.kind == FileKind::File && entry.untrusted_owner().is_none() && !entry.shared;
    is_own.then_some(file)
}

fn modified(file: &File) -> Option<SystemTime> {
    file.metadata().and_then(|it| it.modified()).ok()
}

/// Whether `new` is a later sign-in of the same account, so that it may replace `old`.
fn is_successor(new: &[u8], old: &[u8]) -> bool {
    let (Ok(new), Ok(old)) = (format::parse(new), format::parse(old)) else { return false };
    new.account_id() == old.account_id()
        && new.auth_mode() == old.auth_mode()
        && new.refresh_token().is_some()
        && old.refresh_token().is_some()
        && new.last_refresh() > old.last_refresh()
}
