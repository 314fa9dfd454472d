use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use token_source::{
    Clock, Holder, LockError, SharedStore, StoreGuard as _, TryLock, WaitPolicy, WhileHeld,
};
use tokio::time::sleep;

use super::guard::ClaimGuard;
use super::held::Held;
use super::machine_lock::{MachineLock, Purpose};
use super::row::{Row, SharedRow};
use super::sign_in::{Document, StoredSignIn};
use crate::database::{CLAIM, Claim};
use crate::seal::sealed_with;
use crate::{CachedToken, Database, Error, KeyId, Keys, StoreUnchecked, TokenCache};

/// The sign-in of one row, shared by every process of every machine that has the key.
#[derive(Clone, Debug)]
pub struct PostgresStore<D> {
    row: SharedRow,
    document: PhantomData<fn() -> D>,
}

/// What a [`PostgresStore`] needs.
#[derive(Debug)]
pub struct Options {
    /// The database.
    pub database: Database,
    /// The name of the row.
    pub name: String,
    /// Seal and open the document.
    pub keys: Keys,
    /// A folder of this user, for the cache and the lock of this machine: in `$XDG_RUNTIME_DIR`. It is created.
    pub folder: PathBuf,
    /// Names this process for the others, such as `host:pid`.
    pub holder: String,
    /// The clock of this machine.
    pub now: fn() -> Timestamp,
}

/// What a row has, as far as it is not sealed.
#[derive(Clone, Debug)]
pub struct RowStatus {
    /// Each new document has the next one.
    pub version: i64,
    /// The key of the sign-in; `None` if there is none.
    pub sealed_with: Option<KeyId>,
    /// Who has claimed it.
    pub holder: Option<Holder>,
}

/// How long a process waits at least for another one of this machine that reads the row, before it reads itself. A random
/// time of the same length is added: all at once would need a connection each.
const LOCAL_WAIT: Duration = Duration::from_secs(15);

/// Each pause is twice as long as the one before, so that many waiting processes leave the machine to the one that works.
const SHORTEST_LOCAL_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_LOCAL_PAUSE: Duration = Duration::from_millis(400);

/// A restart of the database takes about a second.
const READ_ATTEMPTS: u32 = 5;
const READ_PAUSE: Duration = Duration::from_millis(300);

/// The claim of a machine that was switched off, and a refresh after it.
const WAIT: Duration = CLAIM.saturating_add(Duration::from_secs(45));

impl<D: Document> PostgresStore<D> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { database, name, keys, folder, holder, now } = options;
        let cache = TokenCache::new(folder, &database.identity, &name);
        let (keys, unchecked) = (RwLock::new(keys), Mutex::default());
        let row = Row { database, name, keys, cache, holder, now, unchecked };
        Self { row: Arc::new(row), document: PhantomData }
    }

    /// The warning of the last [`load`](SharedStore::load), if that used the cache because the database could not be
    /// reached.
    #[must_use]
    pub fn unchecked(&self) -> Option<StoreUnchecked> {
        *self.row.unchecked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sign-in of the row, and never a cached token. While the database restarts, it waits about a second.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub async fn read(&self) -> Result<Option<D>, Error> {
        for _ in 1..READ_ATTEMPTS {
            match self.read_once().await {
                Err(Error::Unreachable(_)) => sleep(READ_PAUSE).await,
                other => return other,
            }
        }
        self.read_once().await
    }

    async fn read_once(&self) -> Result<Option<D>, Error> {
        let stored = self.row.read().await?;
        self.row.open(&stored)
    }

    /// Stores a new sign-in in place of the old one; `None` after a logout. Waits for a process that refreshes, two
    /// minutes for a claim whose process may have died, and, once the row is claimed, half a minute for a database that
    /// cannot be reached.
    ///
    /// # Errors
    ///
    /// Why the sign-in is not stored, [`Error::MayBeStored`], or [`Error::Busy`].
    pub async fn save(&self, document: Option<&D>) -> Result<(), Error> {
        self.claim().await?.replace(document).await
    }

    /// Seals the document with the first key, if another one sealed it. True if it did.
    ///
    /// # Errors
    ///
    /// Why the document is not sealed again, or [`Error::Busy`].
    pub async fn rekey(&self) -> Result<bool, Error> {
        let mut guard = self.claim().await?;
        let document = match guard.is_sealed_with_first_key()? {
            true => None,
            false => guard.load().await?,
        };
        match document {
            Some(StoredSignIn::Document(document)) => {
                guard.replace(Some(&document)).await?;
                Ok(true)
            }
            _ => {
                guard.release().await;
                Ok(false)
            }
        }
    }

    /// What the row has, without opening it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub async fn status(&self) -> Result<RowStatus, Error> {
        let stored = self.row.read().await?;
        let sealed_with = stored.document.as_deref().map(sealed_with).transpose()?;
        Ok(RowStatus { version: stored.version, sealed_with, holder: stored.holder() })
    }

    async fn claim(&self) -> Result<ClaimGuard<D>, Error> {
        let lock = token_source::lock(self, &TokioClock(self.row.now), &|_| {}).await;
        lock.map_err(|error| match error {
            LockError::Store(error) => error,
            LockError::Busy { waited, holder } => Error::Busy { waited, holder },
        })
    }

    fn cached(&self) -> Option<CachedToken> {
        self.row.cache.load().ok()?.token
    }

    fn trusted(&self) -> Option<CachedToken> {
        self.cached().filter(|token| token.is_trusted((self.row.now)()))
    }

    async fn load_from_database(&self) -> Result<Option<StoredSignIn<D>>, Error> {
        match self.read_once().await {
            Ok(document) => Ok(document.map(StoredSignIn::Document)),
            Err(error) if error.is_transient() => {
                let cached = self.cached();
                let warning = cached.as_ref().and_then(|it| it.without_store((self.row.now)()));
                self.row.set_unchecked(warning);
                cached
                    .filter(|_| warning.is_some())
                    .map(StoredSignIn::Cached)
                    .map(Some)
                    .ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

struct TokioClock(fn() -> Timestamp);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        (self.0)()
    }

    async fn sleep(&self, pause: Duration) {
        sleep(pause).await;
    }
}

impl<D: Document> SharedStore for PostgresStore<D> {
    type SignIn = StoredSignIn<D>;
    type Guard = ClaimGuard<D>;
    type Error = Error;

    /// The cached token, if it can be trusted. Otherwise one process of the machine asks the database; the others use
    /// a token that is due and was checked lately, or wait.
    async fn load(&self) -> Result<Option<StoredSignIn<D>>, Error> {
        self.row.set_unchecked(None);
        let (mut waited, mut pause) = (Duration::ZERO, SHORTEST_LOCAL_PAUSE);
        let limit = LOCAL_WAIT + random_part_of(LOCAL_WAIT);
        loop {
            if let Some(token) = self.trusted() {
                return Ok(Some(StoredSignIn::Cached(token)));
            }
            // Without the lock of this machine, the database is asked more often, and everything else works.
            let take = |purpose| MachineLock::try_take(&self.row.cache, purpose);
            let reader = take(Purpose::Read);
            let is_held = matches!(reader, Ok(None)) || matches!(take(Purpose::Claim), Ok(None));
            if !is_held || waited >= limit {
                return self.load_from_database().await;
            }
            // An older or expired one would hide what the database has, for as long as that process is stopped.
            let now = (self.row.now)();
            let is_usable =
                |it: &CachedToken| it.is_checked(now) && it.without_store(now).is_some();
            if let Some(token) = self.cached().filter(is_usable) {
                return Ok(Some(StoredSignIn::Cached(token)));
            }
            sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(LONGEST_LOCAL_PAUSE);
        }
    }

    async fn reload(&self) -> Result<Option<StoredSignIn<D>>, Error> {
        Ok(self.read().await?.map(StoredSignIn::Document))
    }

    async fn try_lock(&self) -> Result<TryLock<ClaimGuard<D>>, Error> {
        let lock = match MachineLock::try_take(&self.row.cache, Purpose::Claim) {
            Ok(None) => return Ok(TryLock::Held(None)),
            Ok(lock) => lock,
            // The lock saves connections. The claim is what keeps others from sending the token.
            Err(_) => None,
        };
        let row = self.row.clone();
        let stored = row.read().await?;
        if let Some(holder) = stored.holder() {
            return Ok(TryLock::Held(Some(holder)));
        }
        let claim = Claim::new(&row.name, &stored, &row.holder)?;
        ClaimGuard::claim(Held { row, claim, stored, _lock: lock }).await
    }

    /// At random moments, so that machines that began together do not ask together.
    fn wait_policy(&self) -> WaitPolicy {
        let jitter = random_part_of(Duration::from_millis(160));
        WaitPolicy {
            shortest_pause: Duration::from_millis(80) + jitter,
            longest_pause: Duration::from_millis(1340) + jitter,
            timeout: WAIT,
            while_held: WhileHeld::UseOldToken,
        }
    }
}

/// Without randomness, it is half of it, in every process.
fn random_part_of(duration: Duration) -> Duration {
    let mut byte = [128];
    let _ = SystemRandom::new().fill(&mut byte);
    duration * u32::from(byte[0]) / 255
}
