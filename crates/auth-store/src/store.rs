use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::backend::{Backend, each_lock};
use crate::file_location::FileLocation;
use crate::location::AUTH_JSON;
use crate::lock::{self, LOCKS, LockTimeout, Locks};
use crate::{
    AuthDocument, Error, ExternalStore, Location, LockHolder, LockedStore, Warning, check, folder,
    warning,
};

/// The stored sign-in of one folder, `$CODEX_HOME`: its `auth.json`, or an entry of an
/// [`ExternalStore`].
#[derive(Clone, Debug)]
pub struct AuthStore {
    codex_home: PathBuf,
    external: Option<Arc<dyn ExternalStore>>,
    lock_wait: Duration,
}

/// A save takes milliseconds; a refresh holds the locks for longer. A caller that cannot be repeated by
/// the person waits longer, see [`AuthStore::with_lock_wait`].
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How often the locks are taken again if their folder disappears.
const ATTEMPTS: usize = 100;

impl AuthStore {
    /// The store in `codex_home`. Reads nothing yet.
    #[must_use]
    pub fn new(codex_home: PathBuf) -> Self {
        Self { codex_home, external: None, lock_wait: LOCK_WAIT }
    }

    /// Keeps the document in `external` and not in a file. The locks stay files in the folder, so all
    /// users of the external store have to share the folder.
    #[must_use]
    pub fn with_external_store(self, external: Arc<dyn ExternalStore>) -> Self {
        Self { external: Some(external), ..self }
    }

    /// Waits at most this long for the locks. The default is five seconds.
    #[must_use]
    pub fn with_lock_wait(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn location(&self) -> Location {
        match &self.external {
            Some(external) => Location::External(external.name()),
            None => Location::File(self.codex_home.join(AUTH_JSON)),
        }
    }

    /// Checks that a sign-in could be stored, before the person signs in. Creates the folder with mode
    /// 0700 and leaves nothing else. A later save can still fail.
    ///
    /// # Errors
    ///
    /// [`Error::NotWritable`], [`Error::External`], [`Error::Corrupt`] if not even a new sign-in may
    /// replace the document, or another [`Error`].
    pub fn check_writable(&self) -> Result<(), Error> {
        // The test entry has a fixed name, so only one process may use it at a time.
        if self.external.is_some() {
            return self.lock()?.check_savable();
        }
        folder::open_or_make(&self.codex_home)?;
        self.could_be_written().map(drop)
    }

    /// Like [`check_writable`](Self::check_writable), but creates no folder: false means that it is
    /// missing and could be created. An external store is tested without the locks.
    ///
    /// # Errors
    ///
    /// Like [`check_writable`](Self::check_writable).
    pub fn could_be_written(&self) -> Result<bool, Error> {
        if let Some(home) = folder::open(&self.codex_home)? {
            folder::check_trusted(&home)?;
            let backend = each_lock(home, self.external.as_ref(), check::check_lockable)?;
            return backend.check_savable().map(|()| true);
        }
        folder::check_makeable(&self.codex_home)?;
        let external = self.external.clone().map(Backend::External);
        external.map_or(Ok(()), |external| external.check_savable()).map(|()| false)
    }

    /// Whether another program holds a lock now. Creates nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn is_locked(&self) -> Result<bool, Error> {
        let Some(home) = folder::open(&self.codex_home)? else { return Ok(false) };
        let mut is_locked = false;
        each_lock(home, self.external.as_ref(), |folder, name| {
            is_locked |= lock::is_held(folder, name)?;
            Ok(())
        })?;
        Ok(is_locked)
    }

    /// The program that holds a lock, if the system tells.
    #[must_use]
    pub fn holder(&self) -> Option<LockHolder> {
        let home = folder::open(&self.codex_home).ok()??;
        let mut holder = None;
        let visited = each_lock(home, self.external.as_ref(), |folder, name| {
            holder = holder.take().or_else(|| LockHolder::find(folder, name));
            Ok(())
        });
        visited.ok().and(holder)
    }

    /// Reads the document; `None` if there is none. Needs no lock, because the file is always a
    /// complete document.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::TooLarge`] for anything but an `auth.json`, or another
    /// [`Error`].
    pub fn load(&self) -> Result<Option<AuthDocument>, Error> {
        let backend = match &self.external {
            Some(external) => Backend::External(external.clone()),
            None => match folder::open(&self.codex_home)? {
                Some(home) => Backend::File(FileLocation::find(home)?.into()),
                None => return Ok(None),
            },
        };
        backend.parse(backend.read()?.content.as_ref())
    }

    /// What is unusual about the file and about `document`, which was loaded from it.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn warnings(&self, document: &AuthDocument) -> Result<Vec<Warning>, Error> {
        let mut warnings = Vec::new();
        if self.external.is_none()
            && let Some(home) = folder::open(&self.codex_home)?
        {
            warnings.extend(warning::of_file(&FileLocation::find(home)?));
        }
        if let Err(Error::NoLocks { .. }) = self.is_locked() {
            warnings.push(Warning::NoLocks);
        }
        warnings.extend(warning::of_document(document));
        Ok(warnings)
    }

    /// Takes the locks for a longer change, such as a refresh. On a file system without locks it takes
    /// none, and [`LockedStore::reserve`] fails.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] after the timeout, or another [`Error`].
    pub fn lock(&self) -> Result<LockedStore, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.lock_once() {
                // A cancelled sign-in may remove the folder between opening and locking it.
                Err(error) if error.is_not_found() && attempts < ATTEMPTS => {
                    thread::sleep(Duration::from_millis(1));
                }
                other => return other,
            }
        }
    }

    fn lock_once(&self) -> Result<LockedStore, Error> {
        let home = folder::open_or_make(&self.codex_home)?;
        let mut timeout = LockTimeout::new(self.lock_wait);
        let mut locks = Locks::default();
        let backend = each_lock(home, self.external.as_ref(), |folder, name| {
            locks.add(timeout.lock(folder, name))
        })?;
        Ok(LockedStore::new(backend, locks))
    }

    /// Takes the locks if they are free.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Locked`].
    pub fn try_lock(&self) -> Result<Option<LockedStore>, Error> {
        match self.clone().with_lock_wait(Duration::ZERO).lock() {
            Err(Error::Locked { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Changes the document, durably: when this returns, the new one survives a power loss. Without a
    /// document, `change` gets an empty one.
    ///
    /// `change` runs under the locks, and again if another program, which takes no locks, wrote
    /// meanwhile. The last result is returned.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Only after [`Error::NotDurable`] is the new document stored; after
    /// [`Error::MayBeStored`] it may be.
    pub fn update<T>(&self, change: impl FnMut(&mut AuthDocument) -> T) -> Result<T, Error> {
        self.lock()?.change(None, change).map(|(outcome, _)| outcome)
    }

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
        // Only an empty folder is removed, so nothing new is lost.
        let remove_folder = || fs::remove_dir(&self.codex_home).is_ok();
        let remove_lock_files = || {
            let Ok(Some(_locked)) = self.try_lock() else { return false };
            LOCKS.iter().all(|name| fs::remove_file(self.codex_home.join(name)).is_ok())
        };
        self.has_only_lock_files()
            && matches!(self.load(), Ok(None))
            && (remove_folder() || remove_lock_files() && remove_folder())
    }

    fn has_only_lock_files(&self) -> bool {
        let is_lock = |entry: io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| LOCKS.iter().any(|name| entry.file_name() == *name))
        };
        fs::read_dir(&self.codex_home).is_ok_and(|mut entries| entries.all(is_lock))
    }
}
