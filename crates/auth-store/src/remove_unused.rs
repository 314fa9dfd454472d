//! Removes the folder of a sign-in that was cancelled.

use std::ffi::OsString;
use std::fs;

use crate::AuthStore;
use crate::lock::LOCKS;

impl AuthStore {
    /// Removes the folder, which the caller made for a sign-in that was cancelled. Returns false and
    /// leaves it if it holds anything but lock files, if another program holds a lock, if an external
    /// store has a document, or if the system refuses.
    ///
    /// The lock files are removed under both locks. A process that waits for one sees that the file has
    /// lost its name, and starts again in a new folder, as [`lock`](Self::lock) does. Codex CLI does
    /// not check: if it waited at this moment, in a folder without a sign-in, its write would fail with
    /// an error.
    #[must_use]
    pub fn remove_unused(&self) -> bool {
        let Some(found) = self.lock_files_alone() else { return false };
        let is_unused = matches!(self.load(), Ok(None));
        // Only an empty folder is removed, so nothing new is lost.
        is_unused
            && (found.is_empty() || self.remove_lock_files())
            && fs::remove_dir(self.folder()).is_ok()
    }

    /// A lock file without a name cannot be recognized here.
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

    /// The names in the folder, if all are lock files.
    fn lock_files_alone(&self) -> Option<Vec<OsString>> {
        let entries = fs::read_dir(self.folder()).ok()?;
        let names = entries.map(|entry| Some(entry.ok()?.file_name()));
        names.map(|name| name.filter(|name| LOCKS.iter().any(|lock| name == *lock))).collect()
    }
}
