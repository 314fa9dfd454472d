use std::fs::File;
use std::io::{self, Read, Seek as _};

use zeroize::Zeroizing;

use crate::file_location::{Content, FileLocation};
use crate::{Error, Operation};

/// What was read or written last, to be compared with what is there when something else is to take
/// its place.
///
/// The file stays open meanwhile, so that the comparison needs no descriptor that the system may have
/// no more of by then.
pub(crate) struct Snapshot {
    content: Content,
    file: Option<File>,
}

impl Snapshot {
    /// Before anything was read, it is nothing.
    pub(crate) fn nothing() -> Self {
        Self::without_file(Content::Absent)
    }

    /// What has no file.
    pub(crate) fn without_file(content: Content) -> Self {
        Self { content, file: None }
    }

    /// What was written into a file.
    pub(crate) fn written(bytes: Zeroizing<Vec<u8>>, file: File) -> Self {
        Self { content: Content::Bytes(bytes), file: worth_keeping(file) }
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Reads what is there now. Whether it is something else than before.
    pub(crate) fn read(&mut self, location: &FileLocation) -> Result<bool, Error> {
        // One that the name does not stand for any more is closed, which makes room for the next.
        self.file = self.file.take().filter(|file| stands(location, file));
        let content = match &mut self.file {
            Some(file) => {
                file.rewind().map_err(|source| location.failed(Operation::Read, source))?;
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

    /// Whether it is still there. It is compared by content: not every program that writes takes a
    /// lock, and some write into the same file.
    pub(crate) fn exists(&mut self, location: &FileLocation) -> Result<bool, Error> {
        let failed = |source| location.failed(Operation::Read, source);
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

    /// White space was written to the end of the file, which is now this long.
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

/// Where a file that is open cannot be replaced, none is kept open.
fn worth_keeping(file: File) -> Option<File> {
    cfg!(unix).then_some(file)
}

/// Whether this is all that is left in the file. It takes no memory of its own.
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
