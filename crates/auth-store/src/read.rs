//! Reads the file. A file that is a mount is written in place, so it is read while nothing is written.

use std::fs::File;
use std::io::Seek as _;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::Error;
use crate::file_location::{Content, FileLocation};
use crate::mount::BACKUP;

impl FileLocation {
    pub(crate) fn read(&self) -> Result<Content, Error> {
        Ok(self.open_and_read()?.0)
    }

    /// The content, and the open file.
    pub(crate) fn open_and_read(&self) -> Result<(Content, Option<File>), Error> {
        match self.open()? {
            Some(file) if self.is_mount() => Ok((read_whole(self, &file)?, Some(file))),
            Some(file) => Ok((self.read_from(&file)?, Some(file))),
            None => Ok((Content::Absent, None)),
        }
    }
}

/// How often a reader tries again while another program writes, and the pause: one second in all,
/// longer than any write.
const LOOKS: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// Reads an open file that is a mount, while nothing is written: a reader could see parts of the old
/// and the new content.
fn read_whole(location: &FileLocation, file: &File) -> Result<Content, Error> {
    let read = || {
        let mut again = file;
        again.rewind().map_err(|source| location.failed(source))?;
        location.read_from(file)
    };
    for _ in 0..LOOKS {
        let before = (stamp(file), is_being_written(location));
        let content = read()?;
        let after = (stamp(file), is_being_written(location));
        if before == after && !after.1 {
            return Ok(content);
        }
        if after.1 && !location.is_locked() {
            // The writer has finished or died.
            return read();
        }
        sleep(PAUSE);
    }
    read()
}

fn stamp(file: &File) -> Option<(u64, SystemTime)> {
    let metadata = file.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// The backup exists before, during and after a write.
fn is_being_written(location: &FileLocation) -> bool {
    location.folder().entry(&location.beside(BACKUP)).is_ok_and(|entry| entry.is_some())
}
