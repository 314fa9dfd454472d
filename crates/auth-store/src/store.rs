use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use shared_file::{Error as FileError, LockHolder, LockedFile, SharedFile};
use token_source::{TryLock, WaitPolicy};

use crate::backend::Backend;
use crate::external_entry::ExternalEntry;
use crate::location::AUTH_JSON;
use crate::source::{Source, is_successor};
use crate::{AuthDocument, Error, ExternalStore, Location, LockedStore, Warning, warning};

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

/// The locks of Codex CLI, in its order.
const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

/// An external store has no file: only the locks are used.
const NO_FILE: &str = "auth.json.external";

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

    /// Waits at most this long for the locks and the claim. The default is five seconds.
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
    /// [`FileError::NotWritable`](crate::FileError::NotWritable), [`Error::External`], [`Error::Corrupt`] if not even a new sign-in may
    /// replace the document, or another [`Error`].
    pub fn check_writable(&self) -> Result<(), Error> {
        // The test entry has a fixed name, so only one process may use it at a time.
        if let Some(external) = &self.external {
            let _locks = self.lock_files(self.lock_wait)?;
            return ExternalEntry::new(external.clone()).check();
        }
        self.file().create_folder()?;
        self.could_be_written().map(drop)
    }

    /// Like [`check_writable`](Self::check_writable), but creates no folder: false means that it is
    /// missing and could be created. An external store is tested without the locks.
    ///
    /// # Errors
    ///
    /// Like [`check_writable`](Self::check_writable).
    pub fn could_be_written(&self) -> Result<bool, Error> {
        let file = self.file();
        let exists = file.check_lockable().or_else(|error| self.without_locks(error, true))?;
        match &self.external {
            Some(external) => ExternalEntry::new(external.clone()).check()?,
            None if exists => {
                file.check_replaceable()?;
                let source = Source::of_file(file.link_target(), file.path());
                let stored = file.read(|bytes| source.parse_replaceable(bytes).map(Some))?;
                source.length_to_come(&stored.unwrap_or_default())?;
            }
            None => {}
        }
        Ok(exists)
    }

    /// Whether another program holds a lock now. Creates nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn is_locked(&self) -> Result<bool, Error> {
        self.file().is_locked().or_else(|error| self.without_locks(error, false))
    }

    /// The program that holds a lock, if the system tells.
    #[must_use]
    pub fn holder(&self) -> Option<LockHolder> {
        self.file().lock_holder()
    }

    /// Reads the document; `None` if there is none. Needs no lock, because the file is always a
    /// complete document.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::TooLarge`] for anything but an `auth.json`, or another
    /// [`Error`].
    pub fn load(&self) -> Result<Option<AuthDocument>, Error> {
        if let Some(external) = &self.external {
            return ExternalEntry::new(external.clone()).load();
        }
        let file = self.file();
        let source = Source::of_file(file.link_target(), file.path());
        file.read(|bytes| source.parse(bytes))
    }

    /// The same for a caller that needs only the access token: an external store may return a recent copy
    /// of it without the rest.
    ///
    /// # Errors
    ///
    /// Like [`load`](Self::load).
    pub fn load_access_token(&self) -> Result<Option<AuthDocument>, Error> {
        match &self.external {
            Some(external) => ExternalEntry::new(external.clone()).load_access_token(),
            None => self.load(),
        }
    }

    /// How a process waits for the locks, and for the claim of an external store.
    pub(crate) fn wait_policy(&self) -> WaitPolicy {
        self.external.as_ref().map_or_else(WaitPolicy::default, |external| external.wait_policy())
    }

    fn file(&self) -> SharedFile {
        let name = if self.external.is_some() { NO_FILE } else { AUTH_JSON };
        SharedFile::in_folder(&self.codex_home, name)
            .lock_files(LOCKS)
            .lock_wait(self.lock_wait)
            .label("login-cli")
            .successor(is_successor)
    }

    /// What is unusual about the file and about `document`, which was loaded from it.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn warnings(&self, document: &AuthDocument) -> Result<Vec<Warning>, Error> {
        let file = self.file();
        let properties = if self.external.is_none() { file.properties()? } else { None };
        let mut warnings: Vec<_> = properties.into_iter().flat_map(warning::of_file).collect();
        if let Err(FileError::NoLocks { .. }) = file.is_locked() {
            warnings.push(Warning::NoLocks);
        }
        warnings.extend(warning::of_document(document));
        Ok(warnings)
    }

    /// Takes the locks for a longer change, such as a refresh, and the claim of an external store that has
    /// claims. On a file system without locks it takes none, and [`LockedStore::reserve`] fails without a
    /// claim.
    ///
    /// # Errors
    ///
    /// [`FileError::Locked`](crate::FileError::Locked) or [`Error::Claimed`] after the timeout, which is the longer one of
    /// the two for a claim, or another [`Error`].
    pub fn lock(&self) -> Result<LockedStore, Error> {
        let WaitPolicy { shortest_pause, longest_pause, timeout, .. } = self.wait_policy();
        // The claim of a machine that was switched off may last longer than a lock of the system.
        let claim_wait = self.lock_wait.max(timeout);
        let (started, mut pause) = (Instant::now(), shortest_pause);
        loop {
            let left = claim_wait.saturating_sub(started.elapsed()).min(self.lock_wait);
            let holder = match self.claim(self.lock_files(left)?)? {
                TryLock::Locked(locked) => return Ok(locked),
                TryLock::Held(holder) => holder,
            };
            // A claim that is refused may take long too: a database is asked over the network.
            let waited = started.elapsed();
            if waited >= claim_wait {
                let name = self.location().to_string();
                return Err(Error::Claimed { name, waited, holder });
            }
            thread::sleep(pause);
            pause = (pause * 2).min(longest_pause);
        }
    }

    /// Waits for the locks. `None`: the external store has claims, and the folder has no locks.
    fn lock_files(&self, wait: Duration) -> Result<Option<LockedFile>, Error> {
        self.file()
            .lock_wait(wait)
            .lock()
            .map(Some)
            .or_else(|error| self.without_locks(error, None))
    }

    /// Goes on if the external store has claims, unless another process holds a lock.
    fn without_locks<T>(&self, error: FileError, otherwise: T) -> Result<T, Error> {
        let has_claims = self.external.as_ref().is_some_and(|external| external.has_claims());
        match error {
            FileError::Locked { .. } => Err(error.into()),
            _ if has_claims => Ok(otherwise),
            _ => Err(error.into()),
        }
    }

    /// Claims the entry of an external store. `file` has the locks.
    fn claim(&self, file: Option<LockedFile>) -> Result<TryLock<LockedStore>, Error> {
        let backend = match (&self.external, file) {
            (Some(external), file) => {
                let failed = |source| Error::External { name: external.name(), source };
                match external.try_claim().map_err(failed)? {
                    TryLock::Held(holder) => return Ok(TryLock::Held(holder)),
                    // Without the locks there must be a claim.
                    TryLock::Locked(None) if file.is_none() => return Ok(TryLock::Held(None)),
                    TryLock::Locked(claim) => {
                        Backend::External(ExternalEntry::claimed(external.clone(), claim), file)
                    }
                }
            }
            (None, Some(file)) => Backend::File(file),
            // A file is not used without its locks.
            (None, None) => return Ok(TryLock::Held(None)),
        };
        Ok(TryLock::Locked(LockedStore::new(backend)))
    }

    /// Takes the locks, and the claim, if they are free.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`FileError::Locked`](crate::FileError::Locked) and [`Error::Claimed`].
    pub fn try_lock(&self) -> Result<TryLock<LockedStore>, Error> {
        match self.file().try_lock() {
            Ok(None) => Ok(TryLock::Held(None)),
            Ok(file) => self.claim(file),
            Err(error) => self.claim(self.without_locks(error, None)?),
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
    /// Any [`Error`]. Only after [`FileError::NotDurable`](crate::FileError::NotDurable) is the new document stored; after
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
        // Without a folder there is nothing to remove, and no helper is started.
        self.codex_home.exists()
            && matches!(self.load(), Ok(None))
            && self.file().remove_unused_folder()
    }
}
