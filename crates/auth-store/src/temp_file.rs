use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use crate::file_location::FileLocation;
use crate::folder::{Entry, Folder, remove_if_there};
use crate::{Error, FileKind};

/// A new file beside the document. It is removed on drop unless it is kept or renamed.
pub(crate) struct TempFile {
    file: File,
    name: Name,
    /// Whether it can be written again: not after an error, because the system forgets what it could
    /// not flush.
    is_sound: bool,
}

/// The name of a file that is removed on drop unless it stays.
struct Name {
    location: Arc<FileLocation>,
    name: OsString,
    stays: bool,
}

impl TempFile {
    /// Creates an empty file, which must not exist. If root creates it, it belongs to the owner of the
    /// document.
    pub(crate) fn create(location: &Arc<FileLocation>, name: OsString) -> Result<Self, Error> {
        let not_writable =
            |source| Error::NotWritable { path: location.folder().path().join(&name), source };
        let file =
            location.folder().create_file_like(&name, location.name()).map_err(not_writable)?;
        let name = Name { location: location.clone(), name, stays: false };
        Ok(Self { file, name, is_sound: true })
    }

    /// The same, in the place of a leftover of a killed process.
    pub(crate) fn replace(location: &Arc<FileLocation>, name: OsString) -> Result<Self, Error> {
        clear(location.folder(), &name)?;
        Self::create(location, name)
    }

    /// Reserves this much space. It is written and flushed, because some file systems allocate only
    /// then, and copy-on-write is turned off, so that the space is used later.
    pub(crate) fn allocate(&mut self, room: u64) -> Result<(), Error> {
        self.name.location.folder().disable_copy_on_write(&self.file);
        self.fill_with(|mut file| io::copy(&mut io::repeat(b'\n').take(room), &mut file))
    }

    /// Replaces the content and flushes it. The reserved space is overwritten.
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.fill_with(|mut file| {
            if let Err(error) = file.write_all(bytes) {
                tracing::debug!(%error, "what was reserved cannot be written over");
                // Some file systems write elsewhere, and have space once the old content is gone.
                file.set_len(0)?;
                file.rewind()?;
                file.write_all(bytes)?;
            }
            Ok(bytes.len() as u64)
        })
    }

    /// Copies another file.
    pub(crate) fn copy(&mut self, mut original: &File) -> Result<(), Error> {
        self.fill_with(|mut file| io::copy(&mut original, &mut file))
    }

    fn fill_with(&mut self, fill: impl FnOnce(&File) -> io::Result<u64>) -> Result<(), Error> {
        self.is_sound = false;
        self.name.stays = false;
        let mut file = &self.file;
        let filled = file.rewind().and_then(|()| fill(file));
        filled
            .and_then(|length| file.set_len(length))
            .map_err(|source| self.not_writable(source))?;
        self.file.sync_all().map_err(|source| self.not_writable(source))?;
        self.is_sound = true;
        Ok(())
    }

    /// Whether [`fill`](Self::fill) can be called again.
    pub(crate) fn is_sound(&self) -> bool {
        self.is_sound
    }

    /// Keeps the file and returns its path.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.name.stays = true;
        self.name.path()
    }

    /// Renames the file, replacing another one of that name, and keeps it.
    pub(crate) fn rename(&mut self, to: &OsStr) -> io::Result<()> {
        self.name.location.folder().rename(&self.name.name, to)?;
        self.name.stays = true;
        Ok(())
    }

    /// Renames the file. It is still removed on drop.
    pub(crate) fn move_to(&mut self, to: OsString) -> io::Result<()> {
        self.name.location.folder().rename(&self.name.name, &to)?;
        self.name.name = to;
        Ok(())
    }

    /// The open file.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    fn not_writable(&self, source: io::Error) -> Error {
        Error::NotWritable { path: self.name.path(), source }
    }
}

impl Name {
    fn path(&self) -> PathBuf {
        self.location.folder().path().join(&self.name)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        if let Err(error) = remove_if_there(self.location.folder(), &self.name) {
            let path = self.path();
            tracing::debug!(path = %path.display(), %error, "a file is left behind");
        }
    }
}

/// Removes the file of this name, if there is one. A folder is left to the person.
pub(crate) fn clear(folder: &Folder, name: &OsStr) -> Result<(), Error> {
    let path = folder.path().join(name);
    remove_if_there(folder, name).map_err(|source| match folder.entry(name) {
        Ok(Some(Entry { kind: found, .. }))
            if !matches!(found, FileKind::File | FileKind::Link) =>
        {
            Error::NotAFile { path, found }
        }
        _ => Error::NotWritable { path, source },
    })
}
