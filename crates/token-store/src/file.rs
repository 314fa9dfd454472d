use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{
    Commit, LockError, RefreshedTokens, SharedStore, SignIn as _, StoreGuard, TryLock,
};
use zeroize::Zeroizing;

use crate::{StoredTokens, SystemClock};

/// The tokens of one sign-in in a JSON file that several processes share.
///
/// The lock is an advisory lock on the file `NAME.lock` beside it, which stays. While it is held,
/// `NAME.tmp` is the next content. If a process is killed before it replaces the file, the next one that
/// takes the lock finishes that. Other users must not be able to write in the folder.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or the folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file is not a JSON object in UTF-8 of at most 1 MiB. It stays as it is.
    #[error("{} does not hold tokens", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
    },
    /// Another process held the lock all the time.
    #[error("another process has locked {} for {} s", path.display(), waited.as_secs())]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long this process waited.
        waited: Duration,
    },
}

/// The lock of a [`FileStore`]. It is released on drop, and by the system if the process dies.
#[derive(Debug)]
pub struct FileGuard {
    path: PathBuf,
    /// What was last read.
    before: Option<Zeroizing<String>>,
    /// `NAME.tmp`, with space for the new tokens.
    reserved: Option<File>,
    lock: File,
}

/// A larger file is refused.
const LARGEST: u64 = 1024 * 1024;

/// What new tokens can need more than the old ones.
const ROOM: usize = 64 * 1024;

/// A write that fails is repeated: the new tokens exist nowhere else.
const ATTEMPTS: usize = 3;

/// How long another program may take to write the rest of a file.
const HALF_WRITTEN: Duration = Duration::from_millis(100);

impl FileStore {
    /// A file, which need not exist. Its folder is made with mode 0700 when tokens are saved.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The target of a link is replaced, not the link.
    fn target(&self) -> PathBuf {
        let linked = || fs::read_link(&self.path).map(|target| folder(&self.path).join(target));
        fs::canonicalize(&self.path).or_else(|_| linked()).unwrap_or_else(|_| self.path.clone())
    }

    /// Reads the tokens; `None` if there are none.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Locked`].
    pub fn load(&self) -> Result<Option<StoredTokens>, Error> {
        parse(&self.path, read(&self.path)?.as_ref())
    }

    /// Stores a new sign-in in place of the old one.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Corrupt`].
    pub async fn save(&self, tokens: &StoredTokens) -> Result<(), Error> {
        let mut guard = self.lock().await?;
        guard.write(tokens)
    }

    /// Removes the file; false if there was none. The lock file stays.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Corrupt`].
    pub async fn remove(&self) -> Result<bool, Error> {
        let guard = self.lock().await?;
        // What a killed process has left must not come back.
        remove(&beside(&guard.path, ".tmp"))?;
        remove(&guard.path)
    }

    async fn lock(&self) -> Result<FileGuard, Error> {
        let lock = token_source::lock(self, &SystemClock, &|_| {}).await;
        lock.map_err(|error| match error {
            LockError::Store(error) => error,
            LockError::Busy { waited, .. } => Error::Locked { path: self.path.clone(), waited },
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
        let target = self.target();
        make_folder(folder(&target)).map_err(failed(folder(&target)))?;
        let path = beside(&target, ".lock");
        let mut options = OpenOptions::new();
        let lock = private(options.create(true).write(true)).open(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => {
                let guard = FileGuard { path: target, before: None, reserved: None, lock };
                Ok(TryLock::Locked(guard))
            }
            Err(TryLockError::WouldBlock) => Ok(TryLock::Held(None)),
            Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
        }
    }
}

impl StoreGuard for FileGuard {
    type SignIn = StoredTokens;
    type Error = Error;

    async fn load(&mut self) -> Result<Option<StoredTokens>, Error> {
        self.finish_interrupted()?;
        self.before = read(&self.path)?;
        parse(&self.path, self.before.as_ref())
    }

    async fn reserve(&mut self, _: Duration) -> Result<(), Error> {
        let room = self.before.as_ref().map_or(0, |text| text.len()) + ROOM;
        let mut file = self.temporary()?;
        let reserved = file.write_all(&vec![b' '; room]).and_then(|()| file.sync_all());
        reserved.map_err(failed(&self.path))?;
        self.reserved = Some(file);
        Ok(())
    }

    async fn commit(
        mut self,
        mut tokens: StoredTokens,
        refreshed: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<StoredTokens>, Error> {
        for attempt in 1..=ATTEMPTS {
            // An error here must not lose the new tokens, which exist nowhere else.
            let now = read(&self.path).ok().filter(|now| *now != self.before);
            if let Some(now) = now {
                // A program that takes no lock has written. It may have written nothing yet, or half.
                let stored = parse(&self.path, now.as_ref());
                let is_partial = match &stored {
                    Ok(stored) => stored.is_none() && now.is_some() && attempt < ATTEMPTS,
                    Err(_) => true,
                };
                if is_partial {
                    thread::sleep(HALF_WRITTEN);
                    continue;
                }
                match stored? {
                    Some(stored) if stored.has(&spent) => tokens = stored,
                    stored => {
                        tokens.apply(&refreshed);
                        return Ok(Commit::Superseded { stored, discarded: tokens });
                    }
                }
                self.before = now;
            }
            tokens.apply(&refreshed);
            let is_prepared = self.prepare(&tokens).is_ok();
            let is_unchanged = read(&self.path).is_ok_and(|now| now == self.before);
            if is_prepared && is_unchanged && self.replace().is_ok() {
                return Ok(Commit::Stored(tokens));
            }
        }
        tokens.apply(&refreshed);
        self.write(&tokens)?;
        Ok(Commit::Stored(tokens))
    }
}

impl FileGuard {
    /// Replaces the file, durably.
    fn write(&mut self, tokens: &StoredTokens) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            match self.prepare(tokens).and_then(|()| self.replace()) {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    /// Writes the temporary file.
    fn prepare(&mut self, tokens: &StoredTokens) -> Result<(), Error> {
        let text = tokens.to_json();
        let mut file = self.reserved.take().map_or_else(|| self.temporary(), Ok)?;
        let written = file
            .rewind()
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.set_len(text.len() as u64))
            .and_then(|()| file.sync_all());
        written.map_err(failed(&self.path))?;
        self.reserved = Some(file);
        Ok(())
    }

    /// Renames the temporary file. If that fails, it stays, and the next process tries again.
    fn replace(&mut self) -> Result<(), Error> {
        self.reserved = None;
        let renamed = fs::rename(beside(&self.path, ".tmp"), &self.path);
        renamed.and_then(|()| flush(folder(&self.path))).map_err(failed(&self.path))
    }

    /// Finishes what a killed process began: its temporary file is complete, and newer.
    fn finish_interrupted(&mut self) -> Result<(), Error> {
        let tokens = |path: &Path| {
            let text = read(path).ok().flatten();
            text.and_then(|text| StoredTokens::from_json(&text))
        };
        let left = tokens(&beside(&self.path, ".tmp"));
        let issued_at = |tokens: StoredTokens| tokens.last_refresh();
        match (left.and_then(issued_at), tokens(&self.path).and_then(issued_at)) {
            (Some(left), Some(current)) if left > current => self.replace(),
            _ => Ok(()),
        }
    }

    /// A new file, in place of one that a killed process has left.
    fn temporary(&self) -> Result<File, Error> {
        let path = beside(&self.path, ".tmp");
        remove(&path)?;
        let mut options = OpenOptions::new();
        private(options.create_new(true).write(true)).open(&path).map_err(failed(&path))
    }
}

impl Drop for FileGuard {
    fn drop(&mut self) {
        if self.reserved.take().is_some() {
            // The next process removes it otherwise.
            let _ = fs::remove_file(beside(&self.path, ".tmp"));
        }
        // Closing the file is not enough if another thread starts a program now.
        let _ = self.lock.unlock();
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// False if there was no such file.
fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        other => other.map(|()| true).map_err(failed(path)),
    }
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed(path))?,
    };
    let length = file.metadata().map_err(failed(path))?.len();
    let corrupt = || Error::Corrupt { path: path.to_owned() };
    let length = usize::try_from(length.min(LARGEST)).map_err(|_| corrupt())?;
    let mut text = Zeroizing::new(String::with_capacity(length + 1));
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(corrupt()),
        Ok(length) if length as u64 > LARGEST => Err(corrupt()),
        other => other.map(|_| Some(text)).map_err(failed(path)),
    }
}

/// An empty file holds no tokens.
fn parse(path: &Path, text: Option<&Zeroizing<String>>) -> Result<Option<StoredTokens>, Error> {
    let text = text.filter(|text| !text.trim().is_empty());
    let tokens = text.map(|text| StoredTokens::from_json(text).ok_or(()));
    tokens.transpose().map_err(|()| Error::Corrupt { path: path.to_owned() })
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Flushes the name of the file. Windows cannot open a folder, and writes names itself.
fn flush(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
