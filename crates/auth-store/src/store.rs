use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::backend::Backend;
use crate::file_location::FileLocation;
use crate::lock::{self, LockTimeout, Locks, each_lock};
use crate::{
    AuthDocument, Error, ExternalStore, Location, LockHolder, LockedStore, Warning, check, folder,
    warning,
};

/// The stored sign-in of one folder, `$CODEX_HOME`: its `auth.json`, or what an [`ExternalStore`] holds in
/// its place.
#[derive(Clone, Debug)]
pub struct AuthStore {
    codex_home: PathBuf,
    external: Option<Arc<dyn ExternalStore>>,
    lock_wait: Duration,
}

/// A save takes milliseconds. Who refreshes holds the locks for longer, and a caller who cannot ask the
/// person to try again waits for that, see [`AuthStore::with_lock_wait`].
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How often the locks are taken anew when their folder goes.
const ATTEMPTS: usize = 100;

impl AuthStore {
    /// The store in `codex_home`. Nothing is looked at yet.
    #[must_use]
    pub fn new(codex_home: PathBuf) -> Self {
        Self { codex_home, external: None, lock_wait: LOCK_WAIT }
    }

    /// Keeps the document in `external store` and not in a file. The locks stay files in the folder, so
    /// everybody who shares the external store has to share the folder too.
    #[must_use]
    pub fn with_external_store(self, external: Arc<dyn ExternalStore>) -> Self {
        Self { external: Some(external), ..self }
    }

    /// Waits at most this long for the locks, instead of five seconds.
    #[must_use]
    pub fn with_lock_wait(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.codex_home
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn location(&self) -> Location {
        match &self.external {
            Some(external) => Location::External(external.name()),
            None => Location::in_folder(&self.codex_home),
        }
    }

    /// Finds out whether a sign-in could be stored, so that nobody signs in for nothing. The folder
    /// is made, with mode 0700, and nothing else stays. A later save can still fail.
    ///
    /// # Errors
    ///
    /// [`Error::NotWritable`], [`Error::External`], [`Error::Corrupt`] where not even a new sign-in may
    /// replace what cannot be read, or what else is wrong with the place.
    pub fn check_writable(&self) -> Result<(), Error> {
        // The probe of an external store is an entry with a fixed name, which is for one program at a time.
        if self.external.is_some() {
            return self.lock()?.check_savable();
        }
        let home = folder::open_or_make(&self.codex_home)?;
        each_lock(home, None, check::lockable)?.check_savable()
    }

    /// Like [`check_writable`](Self::check_writable), for whoever only wants to know: the folder is not
    /// made, and false says that it is not there and could be, as far as permissions tell. An external store is
    /// tried without the locks, which would be made for it.
    ///
    /// # Errors
    ///
    /// Like [`check_writable`](Self::check_writable).
    pub fn could_be_written(&self) -> Result<bool, Error> {
        if let Some(home) = folder::open(&self.codex_home)? {
            folder::check_trusted(&home)?;
            let backend = each_lock(home, self.external.as_ref(), check::lockable)?;
            return backend.check_savable().map(|()| true);
        }
        folder::check_makeable(&self.codex_home)?;
        let external = self.external.clone().map(Backend::External);
        external.map_or(Ok(()), |external| external.check_savable()).map(|()| false)
    }

    /// Whether another program has one of the locks at this moment. Nothing is made for the question.
    ///
    /// # Errors
    ///
    /// What is wrong with the place.
    pub fn is_locked(&self) -> Result<bool, Error> {
        let Some(home) = folder::open(&self.codex_home)? else { return Ok(false) };
        let mut is_locked = false;
        each_lock(home, self.external.as_ref(), |folder, name| {
            is_locked |= lock::is_held(folder, name)?;
            Ok(())
        })?;
        Ok(is_locked)
    }

    /// The program that has one of the locks, where the system tells.
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

    /// Reads the document; `None` where there is none. No lock is needed: what the name stands for
    /// is always a whole document.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::TooLarge`] for what is no `auth.json`, or what else is wrong
    /// with the place.
    pub fn load(&self) -> Result<Option<AuthDocument>, Error> {
        match self.reader()? {
            Some(backend) => backend.document(&backend.read()?),
            None => Ok(None),
        }
    }

    /// Whether a save was interrupted, so that a sign-in may be left where no [`load`](Self::load) sees it:
    /// [`LockedStore::load`] finishes it, or [hands it over](LockedStore::take_abandoned).
    #[must_use]
    pub fn has_interrupted_save(&self) -> bool {
        matches!(self.reader(), Ok(Some(backend)) if backend.has_interrupted())
    }

    /// Nothing, where the folder is not there.
    fn reader(&self) -> Result<Option<Backend>, Error> {
        if let Some(external) = &self.external {
            return Ok(Some(Backend::External(external.clone())));
        }
        let location = folder::open(&self.codex_home)?.map(FileLocation::find).transpose()?;
        Ok(location.map(|location| Backend::File(location.into())))
    }

    /// What works and is not usual about `document`, which was loaded from here, and its file.
    ///
    /// # Errors
    ///
    /// What is wrong with the place.
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

    /// Takes the locks, for a change that needs more than a moment, such as a refresh. Where the file
    /// system has none, nothing is locked, and [`LockedStore::reserve`] says so.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] after the longest wait, or what else is wrong with the place.
    pub fn lock(&self) -> Result<LockedStore, Error> {
        // A cancelled sign-in may remove its folder between the opening and the locking here, and so may
        // several in a row.
        for _ in 1..ATTEMPTS {
            match self.lock_once() {
                Err(error) if error.is_not_found() => thread::sleep(Duration::from_millis(1)),
                other => return other,
            }
        }
        self.lock_once()
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

    /// Takes the locks if nobody has them, for a caller who has a way of its own to wait.
    ///
    /// # Errors
    ///
    /// What is wrong with the place; never [`Error::Locked`].
    pub fn try_lock(&self) -> Result<Option<LockedStore>, Error> {
        match self.clone().with_lock_wait(Duration::ZERO).lock() {
            Err(Error::Locked { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Changes the document, durably: when this returns, the new one survives a power loss. Where
    /// there is none, `change` gets an empty one.
    ///
    /// `change` runs under the locks, and again when another program, one that takes no lock, wrote
    /// meanwhile; what it returned last is returned.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; only after [`Error::NotDurable`] is the new document in place, and after
    /// [`Error::MayBeStored`] it may be.
    pub fn update<T>(&self, change: impl FnMut(&mut AuthDocument) -> T) -> Result<T, Error> {
        self.lock()?.change(None, change).map(|(outcome, _)| outcome)
    }

    /// Like [`update`](Self::update), for a new sign-in, which may replace a file that cannot be
    /// read: a copy of it stays beside the new one, as `auth.json.corrupt-TIME` with mode 0600, and
    /// its path is returned. `now` is in that name.
    ///
    /// # Errors
    ///
    /// Like [`update`](Self::update). A corrupt file behind a symbolic link is not replaced: it may
    /// well be something else than an `auth.json`. Nor is what an external store holds: a copy of it would be
    /// a secret in a file.
    pub fn update_with_backup<T>(
        &self,
        now: Timestamp,
        change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        self.lock()?.update_with_backup(now, change)
    }
}
