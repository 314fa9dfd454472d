use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::folder::{Entry, Folder};
use crate::{Error, LockHolder};

/// An exclusive lock on a file. It is released on drop, and by the system if the process dies.
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough if another thread starts a program now: until its `exec`, that
    /// has the file open as well.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// All locks of a write, or the lock file of a file system without locks.
#[derive(Default)]
pub(crate) struct Locks {
    held: Vec<Lock>,
    /// The first file that could not be locked.
    without_locks: Option<PathBuf>,
}

impl Locks {
    pub(crate) fn add(&mut self, lock: Result<Lock, Error>) -> Result<(), Error> {
        match lock {
            Ok(lock) => self.held.push(lock),
            Err(Error::NoLocks { path }) => {
                tracing::debug!(path = %path.display(), "there are no file locks here");
                self.without_locks.get_or_insert(path);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether all locks are held.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.without_locks {
            Some(path) => Err(Error::NoLocks { path: path.clone() }),
            None => Ok(()),
        }
    }
}

/// How long to wait for all locks of one write. `File::lock` has no deadline, so this polls, and counts
/// pauses, because this crate reads no clock.
pub(crate) struct LockWait {
    limit: Duration,
    waited: Duration,
}

/// Long enough not to load the machine, short enough that a person does not notice it.
const PAUSE: Duration = Duration::from_millis(10);

impl LockWait {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, waited: Duration::ZERO }
    }

    /// Takes the lock on the file `name`. If the file was removed meanwhile, the lock means nothing,
    /// and the next file is tried.
    pub(crate) fn lock(&mut self, folder: &Folder, name: &OsStr) -> Result<Lock, Error> {
        let path = folder.path().join(name);
        let refused = |source| Error::Io { path: path.clone(), source };
        loop {
            if let Some(lock) = try_lock(folder, name, folder.open_lock(name))?
                && folder.names_file(name, &lock.0).map_err(refused)?
            {
                return Ok(lock);
            }
            if !self.pause() {
                let holder = LockHolder::find(folder, name);
                return Err(Error::Locked { path, waited: self.waited, holder });
            }
        }
    }

    /// Sleeps; false if there is no time left.
    fn pause(&mut self) -> bool {
        let pause = PAUSE.min(self.limit - self.waited);
        thread::sleep(pause);
        self.waited += pause;
        !pause.is_zero()
    }
}

/// Whether another program holds the lock on `name`. To find out, it is taken for a moment.
pub(crate) fn is_held(folder: &Folder, name: &OsStr) -> Result<bool, Error> {
    match folder.open_file(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        file => Ok(try_lock(folder, name, file)?.is_none()),
    }
}

/// Takes the lock on an opened file if it is free. A file of another user, who could hold it without end,
/// is refused.
fn try_lock(
    folder: &Folder,
    name: &OsStr,
    opened: io::Result<File>,
) -> Result<Option<Lock>, Error> {
    let path = folder.path().join(name);
    let entry = match &opened {
        Ok(file) => Entry::from_file(file).ok(),
        Err(_) => folder.entry(name).ok().flatten(),
    };
    if let Some(owner) = entry.and_then(|entry| entry.untrusted_owner()) {
        return Err(Error::ForeignOwner { path, owner });
    }
    let failed = |source| Error::Io { path: path.clone(), source };
    let file = opened.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(TryLockError::Error(error)) if Folder::is_locking_unsupported(&error) => {
            Err(Error::NoLocks { path })
        }
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
