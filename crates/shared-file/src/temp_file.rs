use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use crate::file_location::FileLocation;
use crate::folder::{Entry, remove_if_there};
use crate::{Error, FileKind};

/// A new file beside the shared one. It is removed on drop unless it is kept or renamed.
pub(crate) struct TempFile {
    location: Arc<FileLocation>,
    name: OsString,
    file: File,
    is_kept: bool,
}

impl TempFile {
    /// Creates an empty file, which must not exist. If root creates it, it belongs to the owner of the
    /// shared file.
    fn create(location: &Arc<FileLocation>, name: OsString) -> Result<Self, Error> {
        let folder = location.folder();
        let not_writable = |source| Error::NotWritable { path: folder.path().join(&name), source };
        let file = folder.create_file(&name, location.name()).map_err(not_writable)?;
        Ok(Self { location: location.clone(), name, file, is_kept: false })
    }

    /// The same, in the place of a leftover of a killed process.
    pub(crate) fn replace(location: &Arc<FileLocation>, name: OsString) -> Result<Self, Error> {
        clear(location, &name)?;
        Self::create(location, name)
    }

    /// A copy of the shared file.
    pub(crate) fn copy_of(location: &Arc<FileLocation>, suffix: &str) -> Result<Self, Error> {
        let missing = || location.not_writable(io::ErrorKind::NotFound.into());
        let original = location.open()?.ok_or_else(missing)?;
        let mut copy = Self::create(location, location.beside(suffix))?;
        copy.copy(&original)?;
        Ok(copy)
    }

    /// Reserves this much space. It is written and flushed, because some file systems allocate only
    /// then, and copy-on-write is turned off, so that the space is used later.
    pub(crate) fn allocate(&mut self, room: u64) -> Result<(), Error> {
        self.location.folder().disable_copy_on_write(&self.file);
        self.write_with(|mut file| io::copy(&mut io::repeat(b'\n').take(room), &mut file))
    }

    /// Replaces the content and flushes it. The reserved space is overwritten.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write_with(|mut file| {
            if let Err(error) = file.write_all(bytes) {
                tracing::debug!(%error, "the reserved space cannot be overwritten");
                // Some file systems write elsewhere, and have space once the old content is gone.
                file.set_len(0)?;
                file.rewind()?;
                file.write_all(bytes)?;
            }
            Ok(bytes.len() as u64)
        })
    }

    /// Writes without a flush.
    pub(crate) fn write_unflushed(&self, bytes: &[u8]) -> Result<(), Error> {
        let written = (&self.file).write_all(bytes);
        written.map_err(|source| Error::NotWritable { path: self.path(), source })
    }

    /// Copies another file, and flushes the copy.
    pub(crate) fn copy(&mut self, mut original: &File) -> Result<(), Error> {
        self.write_with(|mut file| {
            original.rewind()?;
            io::copy(&mut original, &mut file)
        })
    }

    fn write_with(&mut self, write: impl FnOnce(&File) -> io::Result<u64>) -> Result<(), Error> {
        self.is_kept = false;
        let mut file = &self.file;
        let written = file.rewind().and_then(|()| write(file));
        let flushed =
            written.and_then(|length| file.set_len(length)).and_then(|()| file.sync_all());
        flushed.map_err(|source| Error::NotWritable { path: self.path(), source })
    }

    /// Keeps the file and returns its path.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.is_kept = true;
        self.path()
    }

    /// Renames the file, replacing another one of that name, and keeps it.
    pub(crate) fn rename(&mut self, to: &OsStr) -> io::Result<()> {
        self.location.folder().rename(&self.name, to)?;
        self.is_kept = true;
        Ok(())
    }

    /// Renames the file. It is still removed on drop.
    pub(crate) fn move_to(&mut self, name: OsString) -> io::Result<()> {
        self.location.folder().rename(&self.name, &name)?;
        self.name = name;
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.location.folder().path().join(&self.name)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        if let Err(error) = remove_if_there(self.location.folder(), &self.name) {
            tracing::debug!(path = %self.path().display(), %error, "a file is left behind");
        }
    }
}

/// Removes the file of this name, if there is one. A folder is left to the person.
pub(crate) fn clear(location: &FileLocation, name: &OsStr) -> Result<(), Error> {
    let folder = location.folder();
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
