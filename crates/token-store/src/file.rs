use std::path::PathBuf;
use std::time::Duration;

use credentials::RefreshToken;
use shared_file::{Error as FileError, LockedFile, SIZE_LIMIT, SharedFile, uninterrupted};
use token_source::{
    Commit, LockError, Refreshable as _, RefreshedTokens, SharedStore, StoreGuard, TryLock,
};

use crate::{StoredTokens, SystemClock};

/// The tokens of one sign-in in a JSON file that several processes share, as `shared-file` does it.
///
/// The lock is an advisory lock on the file `NAME.lock` beside it, which stays. While it is held,
/// `NAME.shared-file.tmp` is the next content. If a process is killed before it replaces the file, the next
/// one that takes the lock finishes that. A write is refused where another
/// user could replace the file, by the rules of [`shared_file`].
#[derive(Clone, Debug)]
pub struct FileStore(SharedFile);

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file or its lock cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a JSON object in UTF-8 of at most 1 MiB. It stays as it is.
    #[error("{} does not hold tokens", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
    },
}

/// The lock of a [`FileStore`]. It is released on drop, and by the system if the process dies.
#[derive(Debug)]
pub struct FileGuard(LockedFile);

/// What new tokens can need more than the old ones.
const ROOM: u64 = 64 * 1024;

/// A write that fails is repeated: the new tokens exist nowhere else.
const ATTEMPTS: usize = 3;

/// How long the end of a program waits for a write that has begun.
const GRACE: Duration = Duration::from_secs(5);

impl FileStore {
    /// A file, which need not exist. Its folder is made with mode 0700 when tokens are saved.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(SharedFile::new(path.into()).successor(is_newer))
    }

    /// Reads the tokens; `None` if there are none.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.0.read(|content| parse(content, || self.0.path()))
    }

    /// Checks that a sign-in can be stored, before the person signs in: takes the lock, and reserves disk space.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Corrupt`].
    pub async fn check_writable(&self) -> Result<(), Error> {
        let mut guard = self.lock().await?;
        Ok(guard.0.reserve(ROOM)?)
    }

    /// Stores a new sign-in in place of the old one, which it does not revoke: [`take`](Self::take) it first, if the
    /// provider should end it.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Corrupt`].
    pub async fn save(&self, tokens: &StoredTokens) -> Result<(), Error> {
        let (mut guard, tokens) = (self.lock().await?, tokens.clone());
        uninterrupted(GRACE, move || guard.overwrite(&tokens)).await
    }

    /// Removes the file and returns its tokens, for a sign-out; `None` if there were none. It waits for a
    /// refresh that is running, for 45 seconds at most, so that the tokens are the newest ones: [`load`](Self::load) and
    /// [`remove`](Self::remove) would leave those of a refresh between them valid.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. The file then stays, but a file that is a mount may be half written.
    pub async fn take(&self) -> Result<Option<StoredTokens>, Error> {
        let mut guard = self.lock().await?;
        let tokens = guard.read()?;
        match guard.0.remove(BLANK) {
            // The file is gone, and the caller has the only copy of the tokens.
            Ok(_) | Err(FileError::NotDurable { .. }) => Ok(tokens),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the file, also one that cannot be read; false if there was none. The lock file stays.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Corrupt`].
    pub async fn remove(&self) -> Result<bool, Error> {
        Ok(self.lock().await?.0.remove(BLANK)?)
    }

    async fn lock(&self) -> Result<FileGuard, Error> {
        let lock = token_source::lock(self, &SystemClock, &|_| {}).await;
        lock.map_err(|error| match error {
            LockError::Store(error) => error,
            LockError::Busy { waited, .. } => {
                let holder = self.0.lock_holder();
                FileError::Locked { path: self.0.path(), waited, holder }.into()
            }
        })
    }
}

impl SharedStore for FileStore {
    type SignIn = StoredTokens;
    type Guard = FileGuard;
    type Error = Error;

    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.load()
    }

    async fn try_lock(&self) -> Result<TryLock<FileGuard>, Error> {
        let Some(locked) = self.0.try_lock()? else { return Ok(TryLock::Held(None)) };
        // Without locks several processes could use a refresh token.
        locked.check_locks()?;
        Ok(TryLock::Locked(FileGuard(locked)))
    }
}

impl StoreGuard for FileGuard {
    type SignIn = StoredTokens;
    type Error = Error;

    async fn load(&mut self) -> Result<Option<StoredTokens>, Error> {
        self.read()
    }

    async fn reserve(&mut self, _: Duration) -> Result<(), Error> {
        let length = self.0.content().map_or(0, <[u8]>::len) as u64;
        Ok(self.0.reserve(length + ROOM)?)
    }

    async fn commit(
        mut self,
        tokens: StoredTokens,
        refreshed: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<StoredTokens>, Error> {
        uninterrupted(GRACE, move || self.commit_refresh(tokens, &refreshed, &spent)).await
    }
}

impl FileGuard {
    fn read(&mut self) -> Result<Option<StoredTokens>, Error> {
        let path = self.0.path();
        self.0.read(|content| parse(content, || path.clone()))
    }

    /// Replaces what was read, durably.
    fn write(&mut self, tokens: &StoredTokens) -> Result<(), FileError> {
        let content = || tokens.to_json().as_bytes().to_vec().into();
        match self.0.replace(content()) {
            // After half a write, only the backup is whole.
            Err(error @ FileError::HalfWritten { .. }) => Err(error),
            Err(error) if !error.is_transient() => self.0.replace(content()).map(drop),
            outcome => outcome.map(drop),
        }
    }

    /// Replaces whatever there is.
    fn overwrite(&mut self, tokens: &StoredTokens) -> Result<(), Error> {
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            // What cannot be read is replaced as well.
            if let Err(error @ Error::File(_)) = self.read() {
                return Err(error);
            }
            match self.write(tokens) {
                Err(FileError::Changed { .. }) if attempts > 0 => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Stores the new tokens if the used refresh token is still stored, and nothing otherwise.
    fn commit_refresh(
        &mut self,
        mut tokens: StoredTokens,
        refreshed: &RefreshedTokens,
        spent: &RefreshToken,
    ) -> Result<Commit<StoredTokens>, Error> {
        for _ in 0..ATTEMPTS {
            tokens.apply(refreshed);
            match self.write(&tokens) {
                Err(FileError::Changed { .. }) => {}
                outcome => return Ok(outcome.map(|()| Commit::Stored(tokens))?),
            }
            match self.read() {
                Ok(Some(theirs)) if theirs.has(spent) => tokens = theirs,
                Ok(stored) => return Ok(Commit::Superseded { stored, discarded: tokens }),
                // The new tokens exist nowhere else. Half a document, which never became whole, is no
                // sign-in.
                Err(_) => {}
            }
        }
        tokens.apply(refreshed);
        self.overwrite(&tokens).map(|()| Commit::Stored(tokens))
    }
}

/// What is left of a file that is a mount.
const BLANK: &[u8] = b"";

/// A blank file holds no tokens.
fn parse(content: &[u8], path: impl Fn() -> PathBuf) -> Result<Option<StoredTokens>, Error> {
    let is_whole = content.len() as u64 <= SIZE_LIMIT;
    if is_whole && content.trim_ascii().is_empty() {
        return Ok(None);
    }
    let tokens = from_bytes(content).filter(|_| is_whole);
    tokens.map(Some).ok_or_else(|| Error::Corrupt { path: path() })
}

fn from_bytes(content: &[u8]) -> Option<StoredTokens> {
    std::str::from_utf8(content).ok().and_then(StoredTokens::from_json)
}

/// Whether a write that was interrupted has complete tokens that are not older: a response can have a new refresh token
/// only.
fn is_newer(new: &[u8], old: &[u8]) -> bool {
    let issued_at = |content| from_bytes(content)?.last_refresh();
    issued_at(new).zip(issued_at(old)).is_some_and(|(new, old)| new >= old)
}
