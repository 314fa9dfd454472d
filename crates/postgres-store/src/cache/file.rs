use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use credentials::AccessToken;
use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::CachedToken;
use super::private;
use crate::connection::identity;
use crate::{InvalidParameters, Parameters};

/// An access token and a few times.
const LARGEST: u64 = 256 * 1024;

/// The cache file of one row of one store.
#[derive(Clone, Debug)]
pub struct TokenCache {
    folder: PathBuf,
    /// The SHA-256 of store and row.
    binding: String,
}

/// What is cached.
#[derive(Debug, Default)]
pub struct Cached {
    /// The highest version that this machine has seen; 0 if it has seen none.
    pub highest_version: i64,
    /// The token, if there is one.
    pub token: Option<CachedToken>,
}

/// Why the cache cannot be used. Without the cache everything works, but each call asks the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Another user can read or replace the file or its folder. It was neither read nor changed.
    #[error("{path} is not used as a cache: {fault}", path = path.display())]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The file cannot be read or written.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The store returned an older version than before: it was restored from a backup, or an old row was put
    /// back. The refresh token of an old row is used up. If this is intended, remove the cache file.
    #[error("the store has version {stored}, but this machine has seen version {seen}, see {path}", path = path.display())]
    WentBack {
        /// The version in the store.
        stored: i64,
        /// The highest version that this machine has seen.
        seen: i64,
        /// The cache file, which remembers it.
        path: PathBuf,
    },
}

/// The document in the file. The access token is not a secret type here because that cannot be serialized.
#[derive(Serialize)]
struct Written<'a> {
    store: &'a str,
    highest_version: i64,
    token: Option<WrittenToken<'a>>,
}

#[derive(Serialize)]
struct WrittenToken<'a> {
    version: i64,
    checked_at: Timestamp,
    access_token: &'a str,
    expires_at: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    last_refresh: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Read {
    store: String,
    highest_version: i64,
    token: Option<CachedToken>,
}

impl TokenCache {
    /// The cache of the row `name` of a store, in a folder that is created, mode 0700, when it is needed. `store` names
    /// what was resolved, not a URL that leaves a part to variables.
    pub fn new(folder: impl Into<PathBuf>, store: &str, name: &str) -> Self {
        let mut hash = Context::new(&SHA256);
        for part in [store, name] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hash = hash.finish();
        let binding = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { folder: folder.into(), binding }
    }

    /// The cache of a row of the database that these parameters lead to: it can be read before there is a connection.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`].
    pub fn of_database(
        folder: impl Into<PathBuf>,
        parameters: &Parameters,
        name: &str,
    ) -> Result<Self, InvalidParameters> {
        Ok(Self::new(folder, &identity(parameters)?, name))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", &self.binding[..32]))
    }

    /// Reads the file. A file that is missing, damaged, or of another store is an empty cache.
    ///
    /// # Errors
    ///
    /// [`CacheError::Refused`] or [`CacheError::Io`].
    pub fn load(&self) -> Result<Cached, CacheError> {
        let path = self.path();
        if let Some(fault) = private::folder_fault(&self.folder).map_err(failed(&self.folder))? {
            return Err(refused(&self.folder)(fault));
        }
        let Some(file) =
            private::open(&path, OpenOptions::new().read(true)).map_err(failed(&path))?
        else {
            return Ok(Cached::default());
        };
        let file = file.map_err(refused(&path))?;
        // Larger than what is read, so that it does not grow, which would leave copies.
        let mut text = Zeroizing::new(Vec::with_capacity(2 * LARGEST as usize));
        file.take(LARGEST).read_to_end(&mut text).map_err(failed(&path))?;
        let read = serde_json::from_slice::<Read>(&text).ok();
        let read = read.filter(|read| read.store == self.binding);
        Ok(read.map_or_else(Cached::default, |read| Cached {
            highest_version: read.highest_version,
            token: read.token,
        }))
    }

    /// Compares the version of the store with the highest one that this machine has seen.
    ///
    /// # Errors
    ///
    /// [`CacheError::WentBack`].
    pub fn check_version(&self, cached: &Cached, stored: i64) -> Result<(), CacheError> {
        let seen = cached.highest_version;
        if stored >= seen {
            Ok(())
        } else {
            Err(CacheError::WentBack { stored, seen, path: self.path() })
        }
    }

    /// Remembers the version and the token that the store has now; no token after a logout. An older version
    /// than that of the file changes nothing. False if another process is writing: what that one has read may be older.
    ///
    /// # Errors
    ///
    /// [`CacheError::Refused`] or [`CacheError::Io`]. If the new file could not be written, the token of
    /// the old one is removed where that is possible; after an earlier error the file is unchanged.
    pub fn remember(&self, version: i64, token: Option<&CachedToken>) -> Result<bool, CacheError> {
        let path = self.path().with_extension("lock");
        let lock = self.open_lock(&path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(failed(&path)(error)),
        }
        if self.load()?.highest_version > version {
            return Ok(true);
        }
        let store = &self.binding;
        let token = token.map(WrittenToken::from);
        let written = self.write(&Written { store, highest_version: version, token });
        if written.is_err() {
            self.forget_token(&Written { store, highest_version: version, token: None });
        }
        written.map(|()| true)
    }

    /// Opens a file beside the cache that is only locked.
    pub(crate) fn open_lock(&self, path: &Path) -> Result<File, CacheError> {
        private::make_folder(&self.folder).map_err(failed(&self.folder))?;
        // It refuses a folder before anything is created in it.
        self.load()?;
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = private::open(path, options.write(true).create(true).truncate(false));
        let file = file.map_err(failed(path))?.ok_or_else(|| refused(path)("it is missing"))?;
        file.map_err(refused(path))
    }

    /// Overwrites the file, or removes it: on a full disk, a token that was signed out would be used. Neither usually
    /// needs space.
    fn forget_token(&self, document: &Written<'_>) {
        let forget = || {
            let text = serde_json::to_vec(document)?;
            let mut file = File::options().write(true).open(self.path())?;
            file.write_all(&text)?;
            file.set_len(text.len() as u64)
        };
        if forget().is_err() {
            let _ = fs::remove_file(self.path());
        }
    }

    /// Replaces the file. It need not survive a power failure, so it is not flushed. The lock is held, so the new file
    /// always has the same name: one that a killed process has left is removed.
    fn write(&self, document: &Written<'_>) -> Result<(), CacheError> {
        let (path, new) = (self.path(), self.path().with_extension("new"));
        let mut text = Zeroizing::new(Vec::with_capacity(LARGEST as usize));
        serde_json::to_writer(&mut *text, document).map_err(|error| failed(&path)(error.into()))?;
        let _ = fs::remove_file(&new);
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.write(true).create_new(true).open(&new);
        let written = file.and_then(|mut file| file.write_all(&text));
        written.and_then(|()| fs::rename(&new, &path)).map_err(failed(&path))
    }
}

impl<'a> From<&'a CachedToken> for WrittenToken<'a> {
    fn from(token: &'a CachedToken) -> Self {
        Self {
            version: token.version,
            checked_at: token.checked_at,
            access_token: AccessToken::expose(&token.access_token),
            expires_at: token.expires_at,
            issued_at: token.issued_at,
            last_refresh: token.last_refresh,
        }
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> CacheError {
    let path = path.to_owned();
    move |source| CacheError::Io { path: path.clone(), source }
}

fn refused(path: &Path) -> impl Fn(&'static str) -> CacheError {
    let path = path.to_owned();
    move |fault| CacheError::Refused { path: path.clone(), fault }
}
