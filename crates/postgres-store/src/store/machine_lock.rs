use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::{CacheError, Error, TokenCache};

/// The lock of this machine: one of its processes talks to the database. It ends with its process.
#[derive(Debug)]
pub(super) struct MachineLock(File);

impl MachineLock {
    /// Takes the lock; `None` if another process of this machine has it.
    pub(super) fn try_take(cache: &TokenCache) -> Result<Option<Self>, Error> {
        let path = cache.path().with_extension("claim");
        let failed =
            |path: &Path, source| Error::Lock(CacheError::Io { path: path.to_owned(), source });
        if let Some(folder) = path.parent() {
            make_folder(folder).map_err(|source| failed(folder, source))?;
        }
        // It refuses a folder of another user.
        cache.load().map_err(Error::Lock)?;
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|source| failed(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(&path, source)),
        }
    }
}

impl Drop for MachineLock {
    /// Closing the file is not enough if another thread starts a program now.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
