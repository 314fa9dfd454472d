use std::fs::File;

use crate::Error;
use crate::file_location::{Content, FileLocation};

/// The content that was last read or written, for a comparison before it is replaced.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// `None` if there was no file or entry.
    pub(crate) content: Option<Content>,
    /// The file stays open, so that the comparison needs no new descriptor.
    file: Option<File>,
}

impl Snapshot {
    pub(crate) fn read(location: &FileLocation) -> Result<Self, Error> {
        let Some(file) = location.open()? else { return Ok(Self::default()) };
        let content = Some(location.read(&file)?);
        // An open file cannot be replaced on Windows.
        Ok(Self { content, file: Some(file).filter(|_| cfg!(unix)) })
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
impl From<Option<Content>> for Snapshot {
    fn from(content: Option<Content>) -> Self {
        Self { content, file: None }
    }
}
