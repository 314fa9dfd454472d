//! Replaces and removes the file.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::Error;
use crate::file_location::{Content, FileLocation};
use crate::folder::remove_if_there;
use crate::options::SIZE_LIMIT;
use crate::reservation::{Reservation, open_mount};
use crate::snapshot::Snapshot;
use crate::temp_file::{TempFile, clear};

/// Replaces the content of the snapshot by `bytes`, durably, under the locks.
///
/// After a reservation no step needs more space, memory or descriptors. After an error the reservation
/// is kept if it can be used again.
pub(crate) fn replace(
    location: &Arc<FileLocation>,
    snapshot: &mut Snapshot,
    reserved: &mut Option<Reservation>,
    bytes: Content,
) -> Result<(), Error> {
    // Longer content could not be read again.
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(location.not_writable(io::ErrorKind::FileTooLarge.into()));
    }
    let was_reserved = reserved.is_some();
    let mut reservation = reserved.take().map_or_else(|| Reservation::new(location), Ok)?;
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
    *snapshot = Snapshot::from(bytes);
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
            Some(old) if may_work_later && location.is_successor(bytes, old) => {
                Error::NotReplaced { path: location.path(), kept: temporary.keep(), source }
            }
            _ => location.not_writable(source),
        }
    })
}

fn check_unchanged(location: &FileLocation, snapshot: &Snapshot) -> Result<(), Error> {
    match snapshot.is_unchanged(location)? {
        true => Ok(()),
        false => Err(Error::Changed { path: location.path() }),
    }
}

/// Writes into the file itself. Its content is first copied to the backup with mode
/// 0600; the copy is removed when the new content is on the disk.
fn overwrite(
    location: &Arc<FileLocation>,
    snapshot: &Snapshot,
    reserved: Reservation,
    bytes: &[u8],
) -> Result<(), Error> {
    let Reservation { temporary: mut copy, mount } = reserved;
    let mount = mount.map_or_else(|| open_mount(location, bytes.len() as u64), Ok)?;
    copy.copy(&mount)?;
    // The copy of what a failed write has left must not replace the backup.
    check_unchanged(location, snapshot)?;
    copy.move_to(location.backup()).map_err(|source| location.not_writable(source))?;
    flush_name(location)?;
    check_unchanged(location, snapshot)?;
    let path = location.path();
    if let Err(source) = write_over(&mount, bytes) {
        return Err(Error::HalfWritten { path, copy: copy.keep(), source });
    }
    tracing::debug!(path = %path.display(), "a file that is a mount was written in place");
    Ok(())
}

/// Replaces the content with one write that is at least as long, so that a reader finds no rest of the
/// old content. JSON parsers skip the white space at the end, which is then removed.
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

/// Removes the file and the leftovers of killed processes. A link to the file stays. A file that is a mount cannot be removed, so it becomes `emptied`.
pub(crate) fn remove(location: &Arc<FileLocation>, emptied: &[u8]) -> Result<bool, Error> {
    let was_there = location.exists()?;
    match remove_if_there(location.folder(), location.name()) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            overwrite(location, &Snapshot::read(location)?, Reservation::new(location)?, emptied)?;
        }
        other => other.map_err(|source| location.not_writable(source))?,
    }
    for name in [location.temporary(), location.backup()] {
        // A folder, or a file of another user, is not ours.
        if let Err(error) = clear(location, &name) {
            tracing::debug!(%error, "something stays beside the file");
        }
    }
    flush_name(location)?;
    Ok(was_there)
}

/// Flushes the folder, so that its names survive a power loss.
pub(crate) fn flush_name(location: &FileLocation) -> Result<(), Error> {
    let not_durable = |source| Error::NotDurable { path: location.path(), source };
    location.folder().sync().map_err(not_durable)
}
