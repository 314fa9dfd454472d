//! How long an external credential store may take, and the notice that it waits for the user.
//!
//! A keychain can be locked, and the key of a password store can have a passphrase; its prompt can be
//! behind another window. On a terminal the store has 60 seconds, and after 2 the user gets a notice.
//! In a script nobody can answer, and 3 seconds are enough for an unlocked store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use auth_store::{ExternalStore, ExternalStoreError};
use terminal_ui::Terminal;
use zeroize::Zeroizing;

use crate::environment;
use crate::error::CliError;

const ON_TERMINAL: Duration = Duration::from_secs(60);

const IN_SCRIPT: Duration = Duration::from_secs(3);

const NOTICE_AFTER: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreTimeout {
    pub(crate) limit: Duration,
    /// The terminal of the user who can answer a prompt.
    terminal: Option<Terminal>,
}

impl StoreTimeout {
    /// The timeout of the environment, otherwise the default.
    ///
    /// # Errors
    ///
    /// The environment has an invalid time.
    pub(crate) fn new(terminal: Terminal) -> Result<Self, CliError> {
        let terminal = Some(terminal).filter(|terminal| terminal.has_user());
        let default = if terminal.is_some() { ON_TERMINAL } else { IN_SCRIPT };
        let limit = environment::helper_timeout()?.unwrap_or(default);
        Ok(Self { limit, terminal })
    }

    pub(crate) fn has_user(self) -> bool {
        self.terminal.is_some()
    }

    /// A store that prints a notice with this name if it takes its time.
    pub(crate) fn with_notice(
        self,
        store: impl ExternalStore + 'static,
        name: &str,
    ) -> Arc<dyn ExternalStore> {
        let text = format!("Waiting for {name}: it may be asking you to unlock it.");
        let is_shown = AtomicBool::new(false);
        match self.terminal {
            Some(terminal) => Arc::new(StoreWithNotice { store, terminal, text, is_shown }),
            None => Arc::new(store),
        }
    }
}

#[derive(Debug)]
struct StoreWithNotice<S> {
    store: S,
    terminal: Terminal,
    text: String,
    /// One command prints the notice once.
    is_shown: AtomicBool,
}

impl<S: ExternalStore> StoreWithNotice<S> {
    fn call<T>(&self, call: impl FnOnce(&S) -> T) -> T {
        if self.is_shown.load(Ordering::Relaxed) {
            return call(&self.store);
        }
        std::thread::scope(|scope| {
            let (running, done) = channel::<()>();
            let notify = move || {
                if done.recv_timeout(NOTICE_AFTER) == Err(RecvTimeoutError::Timeout) {
                    self.is_shown.store(true, Ordering::Relaxed);
                    self.terminal.say(&self.text);
                }
            };
            // If the system has no thread, there is no notice.
            let _ = Builder::new().spawn_scoped(scope, notify);
            let outcome = call(&self.store);
            drop(running);
            outcome
        })
    }
}

impl<S: ExternalStore> ExternalStore for StoreWithNotice<S> {
    fn name(&self) -> String {
        self.store.name()
    }

    fn check(&self, length: usize) -> Result<(), ExternalStoreError> {
        self.call(|store| store.check(length))
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        self.call(ExternalStore::read)
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        self.call(|store| store.write(document))
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        self.call(ExternalStore::remove)
    }
}
