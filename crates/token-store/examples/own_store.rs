//! A store of your own: it says where the tokens are and what its lock is. `token_source` does the rest, so that one
//! of any number of processes refreshes.

use std::error::Error;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use token_store::{
    Commit, RefreshToken, RefreshedTokens, SharedStore, StoreGuard, StoredTokens, SystemClock,
    TryLock, lock,
};

/// A folder with the tokens and a lock. Another store can have a row of a database, and its lock.
#[derive(Clone, Debug)]
pub(crate) struct OwnStore(pub(crate) PathBuf);

#[derive(Debug)]
pub(crate) struct OwnGuard {
    store: OwnStore,
    _lock: File,
}

impl OwnStore {
    /// After the sign-in. It waits for a refresh that is running.
    pub(crate) async fn save(&self, tokens: &StoredTokens) -> Result<(), Box<dyn Error>> {
        let _guard = lock(self, &SystemClock, &|_| {}).await?;
        Ok(self.write(tokens)?)
    }

    /// For the sign-out: the caller revokes the tokens.
    pub(crate) async fn take(&self) -> Result<Option<StoredTokens>, Box<dyn Error>> {
        let _guard = lock(self, &SystemClock, &|_| {}).await?;
        let tokens = self.load().await?;
        // A process that was killed may have left the second one.
        for name in ["tokens.json", "tokens.json.new"] {
            match fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(tokens)
    }

    /// A reader sees the old or the new tokens, and only this user sees them.
    fn write(&self, tokens: &StoredTokens) -> io::Result<()> {
        let json = tokens.to_json();
        let mut file = self.new_file()?;
        file.write_all(json.as_bytes())?;
        file.set_len(json.len() as u64)?;
        file.sync_all()?;
        fs::rename(self.0.join("tokens.json.new"), self.0.join("tokens.json"))
    }

    /// The next content. What `reserve` has written stays, so that its space is not given back.
    fn new_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.write(true).create(true).truncate(false).open(self.0.join("tokens.json.new"))
    }
}

impl SharedStore for OwnStore {
    type SignIn = StoredTokens;
    type Guard = OwnGuard;
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<StoredTokens>> {
        match fs::read_to_string(self.0.join("tokens.json")) {
            Ok(text) => match StoredTokens::from_json(&text) {
                Some(tokens) => Ok(Some(tokens)),
                None => Err(io::ErrorKind::InvalidData.into()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn try_lock(&self) -> io::Result<TryLock<OwnGuard>> {
        let file =
            File::options().read(true).append(true).create(true).open(self.0.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(TryLock::Locked(OwnGuard { store: self.clone(), _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(TryLock::Held(None)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl StoreGuard for OwnGuard {
    type SignIn = StoredTokens;
    type Error = io::Error;

    async fn load(&mut self) -> io::Result<Option<StoredTokens>> {
        self.store.load().await
    }

    /// Disk space for the new tokens. The lock of a file lasts as long as the process; one that ends by itself has to
    /// last for `deadline`.
    async fn reserve(&mut self, _deadline: Duration) -> io::Result<()> {
        let mut file = self.store.new_file()?;
        file.write_all(&[b' '; 64 * 1024])?;
        file.sync_all()
    }

    /// The refresh token is used up, so the new tokens exist nowhere else. They go to what is stored now.
    async fn commit(
        mut self,
        mut tokens: StoredTokens,
        refreshed: RefreshedTokens,
        spent: RefreshToken,
    ) -> io::Result<Commit<StoredTokens>> {
        match self.load().await {
            Ok(Some(stored)) if stored.has(&spent) => tokens = stored,
            Ok(stored) => {
                tokens.apply(&refreshed);
                return Ok(Commit::Superseded { stored, discarded: tokens });
            }
            // What cannot be read is no reason to lose the new tokens.
            Err(_) => {}
        }
        tokens.apply(&refreshed);
        self.store.write(&tokens)?;
        Ok(Commit::Stored(tokens))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("own-store-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let store = OwnStore(folder);
    let tokens = StoredTokens::from_json(r#"{"access_token":"a","refresh_token":"r"}"#);
    store.save(&tokens.ok_or("no tokens")?).await?;
    // Afterwards as with a `FileStore`: `token_store::token_source(store.clone(), client)`.
    assert!(store.take().await?.is_some());
    Ok(fs::remove_dir_all(&store.0)?)
}
