use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::RefreshToken;
use token_source::{Commit, LockError, RefreshedTokens, SharedStore, StoreGuard};
use zeroize::Zeroizing;

use crate::{StoredTokens, SystemClock};

/// The tokens of one sign-in in a JSON file that several processes share.
///
/// The lock is an advisory lock on the file `NAME.lock` beside it, which stays. While it is held,
/// `NAME.tmp` is the next content.
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

/// A write that is interrupted is repeated: the new tokens exist nowhere else.
const ATTEMPTS: usize = 3;

impl FileStore {
    /// A file, which need not exist. Its folder is made with mode 0700 when tokens are saved.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        // The target of a link is replaced, not the link.
        Self { path: fs::canonicalize(&path).unwrap_or(path) }
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
        let _guard = self.lock().await?;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            other => other.map(|()| true).map_err(failed(&self.path)),
        }
    }

    async fn lock(&self) -> Result<FileGuard, Error> {
        let lock = token_source::lock(self, &SystemClock, &|_| {}).await;
        lock.map_err(|error| match error {
            LockError::Store(error) => error,
            LockError::Busy { waited } => Error::Locked { path: self.path.clone(), waited },
        })
    }

    fn folder(&self) -> &Path {
        folder(&self.path)
    }
}

impl SharedStore for FileStore {
    type SignIn = StoredTokens;
    type Guard = FileGuard;
    type Error = Error;

    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.load()
    }

    async fn try_lock(&self) -> Result<Option<FileGuard>, Error> {
        make_folder(self.folder()).map_err(failed(self.folder()))?;
        let path = beside(&self.path, ".lock");
        let mut options = OpenOptions::new();
        let lock = private(options.create(true).write(true)).open(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => {
                let path = self.path.clone();
                Ok(Some(FileGuard { path, before: None, reserved: None, lock }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
        }
    }
}

impl StoreGuard for FileGuard {
    type SignIn = StoredTokens;
    type Error = Error;

    async fn load(&mut self) -> Result<Option<StoredTokens>, Error> {
        self.before = read(&self.path)?;
        parse(&self.path, self.before.as_ref())
    }

    async fn reserve(&mut self) -> Result<(), Error> {
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
        let now = read(&self.path)?;
        if now != self.before {
            // A program that takes no lock has written.
            match parse(&self.path, now.as_ref()) {
                Ok(Some(stored)) if stored.has(&spent) => tokens = stored,
                Ok(stored) => {
                    tokens.apply(&refreshed);
                    return Ok(Commit::Superseded { stored, discarded: tokens });
                }
                Err(error) => return Err(error),
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
        let text = tokens.to_json();
        let mut attempt = 1;
        loop {
            match self.try_write(text.as_bytes()) {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    fn try_write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut file = self.reserved.take().map_or_else(|| self.temporary(), Ok)?;
        let written = file
            .rewind()
            .and_then(|()| file.write_all(bytes))
            .and_then(|()| file.set_len(bytes.len() as u64))
            .and_then(|()| file.sync_all());
        written.map_err(failed(&self.path))?;
        drop(file);
        let renamed = fs::rename(beside(&self.path, ".tmp"), &self.path);
        renamed.and_then(|()| flush(folder(&self.path))).map_err(failed(&self.path))
    }

    /// A new file, in place of one that a killed process has left.
    fn temporary(&self) -> Result<File, Error> {
        let path = beside(&self.path, ".tmp");
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(failed(&path))?,
        }
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
