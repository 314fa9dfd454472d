use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::Error;
use crate::file_location::FileLocation;

/// The suffix of the copy of a file that is written in place. A person or an editor may have made an
/// `auth.json.bak`.
pub(crate) const BACKUP: &str = ".login-cli.bak";

/// White space, which JSON parsers skip.
const PADDING: u8 = b'\n';

/// A file that is a mount of its own, as in containers. A rename cannot replace it, so it is written in
/// place. It is padded to the length that the next document needs.
pub(crate) struct Mounted {
    file: File,
    /// The length without padding.
    length: u64,
}

impl Mounted {
    /// Opens it and pads it to this length.
    pub(crate) fn open(location: &Arc<FileLocation>, room: u64) -> Result<Self, Error> {
        let not_writable = |source| Error::NotWritable { path: location.path(), source };
        let file = location.folder().open_for_writing(location.name()).map_err(not_writable)?;
        let length = file.metadata().map_err(not_writable)?.len();
        let mounted = Self { file, length };
        mounted.pad(room).map_err(not_writable)?;
        Ok(mounted)
    }

    fn pad(&self, room: u64) -> io::Result<()> {
        if room <= self.length {
            return Ok(());
        }
        let mut file = &self.file;
        file.seek(SeekFrom::End(0))?;
        io::copy(&mut io::repeat(PADDING).take(room - self.length), &mut file)?;
        file.sync_all()
    }

    /// The length with padding.
    pub(crate) fn padded_length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Replaces the content with one write of the same length, so that a reader finds no rest of the
    /// old document. Then removes the padding.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = usize::try_from(self.padded_length()?).unwrap_or_default().max(bytes.len());
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        text.extend_from_slice(bytes);
        text.resize(length, PADDING);
        let mut file = &self.file;
        file.rewind()?;
        file.write_all(&text)?;
        self.length = bytes.len() as u64;
        file.set_len(self.length)?;
        file.sync_all()
    }

    /// Removes the padding, unless another program has written there.
    fn strip(&self) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.length))?;
        let mut rest = Zeroizing::new(Vec::new());
        file.read_to_end(&mut rest)?;
        match rest.iter().all(|&byte| byte == PADDING) && !rest.is_empty() {
            true => file.set_len(self.length),
            false => Ok(()),
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = self.strip() {
            tracing::debug!(%error, "white space is left at the end of a file");
        }
    }
}
