use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;
#[cfg(all(unix, not(target_os = "macos")))]
use zbus_secret_service_keyring_store::Store;

use crate::{ExternalStore, ExternalStoreError};

/// An entry of the system's keyring: the Secret Service of the session, the login keychain of macOS, or
/// the Windows Credential Manager.
///
/// Windows limits an entry to 2,560 bytes, and a ChatGPT sign-in is longer: there,
/// [`check`](ExternalStore::check) fails.
#[derive(Clone, Debug)]
pub struct KeyringStore {
    entry: String,
    deadline: Duration,
    /// Whether the keyring may ask the user to unlock it.
    may_prompt: bool,
}

/// A keyring keeps one entry per user name, so it is constant.
const USERNAME: &str = "login-cli";

/// Enough to start a keyring.
const DEADLINE: Duration = Duration::from_secs(3);

impl KeyringStore {
    /// The entry whose attribute `service` is `entry`.
    #[must_use]
    pub fn new(entry: String) -> Self {
        Self { entry, deadline: DEADLINE, may_prompt: false }
    }

    /// The time limit of each call, three seconds by default. After it nothing is started; whether a
    /// started write took place is unknown.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Lets a locked keyring ask the person to unlock it, in its own window.
    #[must_use]
    pub fn allow_prompt(self) -> Self {
        Self { may_prompt: true, ..self }
    }

    /// Runs `act` on a thread that can be abandoned: a keyring may wait for a person, or hang.
    fn within<T: Send + 'static>(
        &self,
        entry: String,
        act: impl FnOnce(&Entry) -> Result<T, ExternalStoreError> + Send + 'static,
    ) -> Result<T, ExternalStoreError> {
        let (answer, answers) = mpsc::sync_channel(1);
        let asking = Arc::new(());
        let asked = Arc::downgrade(&asking);
        let may_prompt = self.may_prompt;
        thread::Builder::new().name("keyring".to_owned()).spawn(move || {
            let entry = open_entry(&entry, may_prompt);
            // After a reported timeout nothing must change.
            if asked.strong_count() > 0 {
                drop(answer.send(entry.and_then(|entry| act(&entry))));
            }
        })?;
        let outcome = answers.recv_timeout(self.deadline);
        drop(asking);
        match outcome {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Err(TimedOut(self.deadline).into()),
            // The library panicked.
            Err(RecvTimeoutError::Disconnected) => Err(INVALID_RESPONSE.into()),
        }
    }
}

impl ExternalStore for KeyringStore {
    fn name(&self) -> String {
        format!("the keyring ({})", self.entry)
    }

    fn check(&self, length: usize) -> Result<(), ExternalStoreError> {
        self.within(format!("{}/probe", self.entry), move |probe| try_out(probe, length))
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        self.within(self.entry.clone(), read)
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        let document = Zeroizing::new(document.to_vec());
        self.within(self.entry.clone(), move |entry| entry.set_secret(&document).map_err(failed))
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        self.within(self.entry.clone(), |entry| {
            Ok(none_if_missing(entry.delete_credential())?.is_some())
        })
    }
}

fn open_entry(entry: &str, _may_prompt: bool) -> Result<Entry, ExternalStoreError> {
    #[cfg(all(unix, not(target_os = "macos")))]
    if !_may_prompt {
        refuse_locked(entry)?;
    }
    Store::new().and_then(|store| store.build(entry, USERNAME, None)).map_err(failed)
}

/// The store would ask the person to unlock it, in a window that outlives the deadline.
#[cfg(all(unix, not(target_os = "macos")))]
fn refuse_locked(entry: &str) -> Result<(), ExternalStoreError> {
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error};

    // This request has no secret.
    let service = SecretService::connect(EncryptionType::Plain)?;
    let found = service.search_items([("service", entry), ("username", USERNAME)].into())?;
    let locked = || Err("it is locked".into());
    if !found.locked.is_empty() {
        return locked();
    }
    match service.get_default_collection() {
        Ok(collection) if collection.is_locked()? => locked(),
        // The store handles a missing collection.
        Ok(_) | Err(Error::NoResult) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Writes an entry and reads it back.
fn try_out(probe: &Entry, length: usize) -> Result<(), ExternalStoreError> {
    let content = vec![b'0'; length];
    probe.set_secret(&content).map_err(failed)?;
    let there = read(probe);
    probe.delete_credential().map_err(failed)?;
    match there? {
        Some(bytes) if *bytes == content => Ok(()),
        _ => Err("it does not return what it stored".into()),
    }
}

fn read(entry: &Entry) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
    none_if_missing(entry.get_secret().map(Zeroizing::new))
}

/// A missing entry is not an error.
fn none_if_missing<T>(outcome: Result<T, Error>) -> Result<Option<T>, ExternalStoreError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Whether the keyring may still be working.
pub(crate) fn is_timeout(error: &ExternalStoreError) -> bool {
    error.is::<TimedOut>()
}

#[derive(Debug, thiserror::Error)]
#[error("it did not respond within {0:?}")]
struct TimedOut(Duration);

/// Errors of the library may contain the entry, so only those of the system are kept.
fn failed(error: Error) -> ExternalStoreError {
    match error {
        Error::PlatformFailure(source) | Error::NoStorageAccess(source) => source,
        Error::TooLong(_, limit) => {
            format!("it holds at most {limit} bytes in one entry, and a sign-in is longer").into()
        }
        Error::Ambiguous(_) => "it has several entries of that name".into(),
        _ => INVALID_RESPONSE.into(),
    }
}

const INVALID_RESPONSE: &str = "its response cannot be used";
