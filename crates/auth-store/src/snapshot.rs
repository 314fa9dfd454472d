use std::fs::File;
use std::io::{self, Read, Seek as _};

use zeroize::Zeroizing;

use crate::Error;
use crate::file_location::{Content, FileLocation};

/// The content that was last read or written, for a comparison before it is replaced.
///
/// The file stays open, so that the comparison needs no new descriptor.
pub(crate) struct Snapshot {
    content: Content,
    file: Option<File>,
}

impl Snapshot {
    /// Nothing was read yet.
    pub(crate) fn nothing() -> Self {
        Self::without_file(Content::Absent)
    }

    /// Content without an open file.
    pub(crate) fn without_file(content: Content) -> Self {
        Self { content, file: None }
    }

    /// Content that was written to a file.
    pub(crate) fn written(bytes: Zeroizing<Vec<u8>>, file: File) -> Self {
        Self { content: Content::Bytes(bytes), file: worth_keeping(file) }
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Reads the current content. True if it has changed.
    pub(crate) fn read(&mut self, location: &FileLocation) -> Result<bool, Error> {
        // Closes a file that has lost its name, to have a descriptor for the next one.
        self.file = self.file.take().filter(|file| stands(location, file));
        let content = match &mut self.file {
            Some(file) => {
                file.rewind().map_err(|source| location.failed(source))?;
                location.read_from(file)?
            }
            None => {
                let (content, file) = location.open_and_read()?;
                self.file = file.and_then(worth_keeping);
                content
            }
        };
        Ok(std::mem::replace(&mut self.content, content) != self.content)
    }

    /// Whether the content is unchanged. Compares the bytes, because some programs write without a
    /// lock, or into the same file.
    pub(crate) fn is_unchanged(&mut self, location: &FileLocation) -> Result<bool, Error> {
        let failed = |source| location.failed(source);
        if let Content::Bytes(bytes) = &self.content
            && let Some(mut file) = self.file.as_ref().filter(|file| stands(location, file))
        {
            return file.rewind().and_then(|()| is_rest(file, bytes)).map_err(failed);
        }
        self.file = None;
        let now = match location.open()? {
            Some(file) => location.read_from(&file)?,
            None => Content::Absent,
        };
        Ok(now == self.content)
    }

    /// Adds the white space that was written to the end of the file, which now has this length.
    pub(crate) fn pad(&mut self, length: u64) {
        if let (Content::Bytes(bytes), Ok(length)) = (&self.content, usize::try_from(length)) {
            let mut padded = Zeroizing::new(Vec::with_capacity(length.max(bytes.len())));
            padded.extend_from_slice(bytes);
            while padded.len() > length && padded.last() == Some(&b'\n') {
                padded.pop();
            }
            if padded.len() < length {
                padded.resize(length, b'\n');
            }
            self.content = Content::Bytes(padded);
        }
    }
}

fn stands(location: &FileLocation, file: &File) -> bool {
    location.folder().names_file(location.name(), file).unwrap_or_default()
}

/// An open file cannot be replaced on Windows, so none is kept open there.
fn worth_keeping(file: File) -> Option<File> {
    cfg!(unix).then_some(file)
}

/// Whether the rest of the file is equal. Allocates nothing.
fn is_rest(mut file: &File, mut bytes: &[u8]) -> io::Result<bool> {
    let mut buffer = Zeroizing::new([0; 4096]);
    loop {
        let read = match file.read(&mut *buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if read == 0 {
            return Ok(bytes.is_empty());
        }
        match bytes.strip_prefix(&buffer[..read]) {
            Some(rest) => bytes = rest,
            None => return Ok(false),
        }
    }
}
