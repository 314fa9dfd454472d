use std::fs::{File, TryLockError};

use crate::{CacheError, TokenCache};

/// The lock of this machine: one of its processes talks to the database. It ends with its process.
#[derive(Debug)]
pub(super) struct MachineLock(File);

impl MachineLock {
    /// Takes the lock; `None` if another process of this machine has it.
    pub(super) fn try_take(cache: &TokenCache) -> Result<Option<Self>, CacheError> {
        let path = cache.path().with_extension("claim");
        let file = cache.open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(CacheError::Io { path, source }),
        }
    }
}

impl Drop for MachineLock {
    /// Closing the file is not enough if another thread starts a program now.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
