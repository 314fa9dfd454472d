use std::fs::{File, TryLockError};

use crate::{CacheError, TokenCache};

/// A lock of this machine: one of its processes reads the row, and one claims it. It ends with its process.
#[derive(Debug)]
pub(super) struct MachineLock(File);

/// What a process does under the lock. Those that read must not keep one from claiming.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Read,
    Claim,
}

impl MachineLock {
    /// Takes the lock; `None` if another process of this machine has it.
    pub(super) fn try_take(
        cache: &TokenCache,
        purpose: Purpose,
    ) -> Result<Option<Self>, CacheError> {
        let path = cache.path().with_extension(match purpose {
            Purpose::Read => "read",
            Purpose::Claim => "claim",
        });
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
