//! The folder of a sign-in that did not happen.

use std::ffi::OsString;
use std::fs;

use crate::AuthStore;
use crate::lock::LOCKS;

impl AuthStore {
    /// Removes the folder again, for a caller that made it for a sign-in which did not happen. It stays,
    /// and this is false, where it holds anything but our lock files, where another program has one
    /// of the locks, where an external store has a document, and where the system refuses.
    ///
    /// The lock files go while both locks are held. A program that waits for one then finds that its
    /// file has lost its name, and begins again in a new folder, as [`lock`](Self::lock) does. Codex CLI
    /// does not look again: had it waited at this very moment, in a folder without a sign-in, its write
    /// would fail and say so.
    #[must_use]
    pub fn remove_unused(&self) -> bool {
        let Some(found) = self.lock_files_alone() else { return false };
        let is_unused = matches!(self.load(), Ok(None));
        // Only an empty folder is removed, whatever another program puts there now.
        is_unused
            && (found.is_empty() || self.remove_lock_files())
            && fs::remove_dir(self.folder()).is_ok()
    }

    /// A lock file that has lost its name cannot be told from another one there.
    #[cfg(not(unix))]
    fn remove_lock_files(&self) -> bool {
        false
    }

    #[cfg(unix)]
    fn remove_lock_files(&self) -> bool {
        let Ok(Some(_locked)) = self.try_lock() else { return false };
        let found = self.lock_files_alone().unwrap_or_default();
        found.iter().all(|name| fs::remove_file(self.folder().join(name)).is_ok())
    }

    /// The names in the folder, unless one is not a lock file's.
    fn lock_files_alone(&self) -> Option<Vec<OsString>> {
        let entries = fs::read_dir(self.folder()).ok()?;
        let names = entries.map(|entry| Some(entry.ok()?.file_name()));
        names.map(|name| name.filter(|name| LOCKS.iter().any(|lock| name == *lock))).collect()
    }
}
