use std::fs::File;
use std::hint::black_box;
use std::sync::Arc;

use crate::Error;
use crate::file_location::FileLocation;
use crate::temp_file::{TempFile, clear};

/// What a save needs: a temporary file beside the document, so that the rename stays on one file
/// system, and the document itself if it is a mount, which is written in place.
pub(crate) struct Reservation {
    pub(crate) temporary: TempFile,
    pub(crate) mount: Option<File>,
}

impl Reservation {
    /// Reserves this many bytes on the disk.
    pub(crate) fn with_room(location: &Arc<FileLocation>, room: u64) -> Result<Self, Error> {
        preallocate(room);
        let mut reserved = Self::new(location)?;
        let mut room = room;
        if location.is_mount() {
            clear(location, &location.backup())?;
            let mount = open_mount(location, room)?;
            // The temporary file becomes the copy of the old content.
            room =
                room.max(mount.metadata().map_err(|source| location.not_writable(source))?.len());
            reserved.mount = Some(mount);
        }
        reserved.temporary.allocate(room)?;
        Ok(reserved)
    }

    pub(crate) fn new(location: &Arc<FileLocation>) -> Result<Self, Error> {
        Ok(Self { temporary: TempFile::replace(location, location.temporary())?, mount: None })
    }
}

/// The memory for a request, its answer and a change, besides two copies of the document.
const MEMORY: usize = 1024 * 1024;

/// Makes the allocator keep the memory for a save of this many bytes, because without memory the
/// process would die in the middle of the save.
///
/// The allocator of glibc returns a large block to the system at once, but keeps the next one of that
/// size. That of the static `login-cli`, dlmalloc, keeps both. With other allocators this may have no effect.
fn preallocate(length: u64) {
    let length = usize::try_from(length).unwrap_or_default() * 2 + MEMORY;
    for _ in 0..2 {
        // Untouched memory may not be available when it is used.
        drop(black_box(vec![1_u8; length]));
    }
}

/// Opens a file that is a mount, with disk space for this many bytes.
pub(crate) fn open_mount(location: &FileLocation, room: u64) -> Result<File, Error> {
    let opened = location.folder().open_for_writing(location.name(), room);
    opened.map_err(|source| location.not_writable(source))
}
