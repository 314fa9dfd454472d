use std::fs::File;
use std::thread::sleep;
use std::time::Duration;

use crate::Error;
use crate::file_location::{Content, FileLocation};

/// The content that was last read or written, for a comparison before it is replaced.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// `None` if there was no file.
    pub(crate) content: Option<Content>,
    /// The file stays open, so that the comparison needs no new descriptor.
    file: Option<File>,
}

/// A program that takes no locks and does not rename empties the file before it writes. A file in which
/// nothing is found is therefore read again, for a tenth of a second in all.
const ATTEMPTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

impl Snapshot {
    pub(crate) fn read(location: &FileLocation) -> Result<Self, Error> {
        let Some(file) = location.open()? else { return Ok(Self::default()) };
        let content = Some(location.read(&file)?);
        // An open file cannot be replaced on Windows.
        Ok(Self { content, file: Some(file).filter(|_| cfg!(unix)) })
    }

    /// Reads until `parse` finds something in the file, or there is none.
    pub(crate) fn read_complete<T, E: From<Error>>(
        location: &FileLocation,
        parse: impl Fn(&[u8]) -> Result<Option<T>, E>,
    ) -> (Self, Result<Option<T>, E>) {
        // The read of a mount waits by itself.
        let mut attempts = if location.is_mount() { 0 } else { ATTEMPTS };
        loop {
            let snapshot = match Self::read(location) {
                Ok(snapshot) => snapshot,
                Err(error) => return (Self::default(), Err(error.into())),
            };
            let Some(content) = &snapshot.content else { return (snapshot, Ok(None)) };
            let parsed = parse(content);
            if attempts == 0 || matches!(parsed, Ok(Some(_))) {
                return (snapshot, parsed);
            }
            attempts -= 1;
            sleep(PAUSE);
        }
    }

    /// Whether the content is unchanged. Compares the bytes, because some programs write without a
    /// lock, or into the same file.
    pub(crate) fn is_unchanged(&self, location: &FileLocation) -> Result<bool, Error> {
        let (folder, name) = (location.folder(), location.name());
        let is_there = |file: &&File| folder.names_file(name, file).unwrap_or_default();
        let now = match self.file.as_ref().filter(is_there) {
            Some(file) => Some(location.read_once(file)?),
            None => location.open()?.map(|file| location.read_once(&file)).transpose()?,
        };
        Ok(now == self.content)
    }
}

/// Content without an open file.
impl From<Content> for Snapshot {
    fn from(content: Content) -> Self {
        Self { content: Some(content), file: None }
    }
}
