use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::backend::Backend;
use crate::file_location::FileLocation;
use crate::folder::{Entry, Folder};
use crate::{Error, ExternalStore, LockHolder, Operation};

/// The locks that Codex CLI takes while it commits, in its order.
pub(crate) const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

/// Visits every lock of a save in its order, and finds the backend on the way: under the first two,
/// where the visit takes them.
///
/// Behind a link the file has a third lock, beside it, because links in two folders may lead to the
/// same file. Beside what may not be written there is none.
pub(crate) fn each_lock(
    home: Folder,
    external: Option<&Arc<dyn ExternalStore>>,
    mut visit: impl FnMut(&Folder, &OsStr) -> Result<(), Error>,
) -> Result<Backend, Error> {
    for name in LOCKS {
        visit(&home, name.as_ref())?;
    }
    if let Some(external) = external {
        return Ok(Backend::External(external.clone()));
    }
    let location = FileLocation::find(home)?;
    location.check_trusted()?;
    if location.is_linked() {
        visit(location.folder(), &location.beside(".lock"))?;
    }
    Ok(Backend::File(location.into()))
}

/// An exclusive lock on a file, which another program takes too. It is given back when this is
/// dropped, also by the system, when this program dies.
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Closing the file would do, but for a program that another thread starts at this moment: it
    /// has the file open as well, for as long as it takes to start.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// All locks of a save, or what is said about a file system that has none.
#[derive(Default)]
pub(crate) struct Locks {
    held: Vec<Lock>,
    /// The first lock file that could not be locked.
    unlockable: Option<PathBuf>,
}

impl Locks {
    pub(crate) fn add(&mut self, lock: Result<Lock, Error>) -> Result<(), Error> {
        match lock {
            Ok(lock) => self.held.push(lock),
            Err(Error::NoLocks { path }) => {
                tracing::debug!(path = %path.display(), "there are no file locks here");
                self.unlockable.get_or_insert(path);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether they keep other programs out.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.unlockable {
            Some(path) => Err(Error::NoLocks { path: path.clone() }),
            None => Ok(()),
        }
    }
}

/// How much longer to wait for locks: one budget for all that one save takes. Time is counted in
/// pauses, because there is no lock with a deadline, and no clock here.
pub(crate) struct LockTimeout {
    left: Duration,
    waited: Duration,
    pause: Duration,
}

/// Long enough not to load the machine, short enough not to be felt.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

impl LockTimeout {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { left: limit, waited: Duration::ZERO, pause: Duration::from_millis(1) }
    }

    /// Takes the lock on the file `name`. One that was removed while we waited is no lock: the next
    /// one would be another file.
    pub(crate) fn lock(&mut self, folder: &Folder, name: &OsStr) -> Result<Lock, Error> {
        let path = folder.path().join(name);
        let refused = |source| Error::Io { path: path.clone(), operation: Operation::Lock, source };
        loop {
            let file = open(folder, name, folder.open_lock(name))?;
            if let Some(lock) = try_lock(&path, file)?
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

    /// Waits a little; false when there is no time left.
    fn pause(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let pause = self.pause.min(self.left);
        thread::sleep(pause);
        self.left -= pause;
        self.waited += pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Whether another program has the lock on the file `name`. It is held for a moment to find out, which
/// makes whoever comes then wait for one pause.
pub(crate) fn is_held(folder: &Folder, name: &OsStr) -> Result<bool, Error> {
    match folder.open_file(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        file => {
            let file = open(folder, name, file)?;
            Ok(try_lock(&folder.path().join(name), file)?.is_none())
        }
    }
}

/// A lock file that was opened, unless it is another user's, who could hold it as long as they like.
fn open(folder: &Folder, name: &OsStr, opened: io::Result<File>) -> Result<File, Error> {
    let path = folder.path().join(name);
    let entry = match &opened {
        Ok(file) => Entry::from_file(file).ok(),
        Err(_) => folder.entry(name).ok().flatten(),
    };
    match entry.and_then(|entry| entry.untrusted_owner()) {
        Some(owner) => Err(Error::ForeignOwner { path, owner }),
        None => opened.map_err(|source| Error::Io { path, operation: Operation::Lock, source }),
    }
}

fn try_lock(path: &Path, file: File) -> Result<Option<Lock>, Error> {
    let path = || path.to_owned();
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(TryLockError::Error(error)) if Folder::has_no_locks(&error) => {
            Err(Error::NoLocks { path: path() })
        }
        Err(TryLockError::Error(source)) => {
            Err(Error::Io { path: path(), operation: Operation::Lock, source })
        }
    }
}
