//! A vault that may ask the person before it answers: a keychain that is locked, or a password store
//! whose key has a passphrase.
//!
//! On a terminal it gets a minute, and after a moment the person reads what is waited for, because the
//! question may stand in another window, or behind this one. Elsewhere nobody would answer, and three
//! seconds are enough for every store that is open.

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

/// How long a vault may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) deadline: Duration,
    /// Where a person reads what is waited for.
    terminal: Option<Terminal>,
}

/// Enough to find a window and type a passphrase.
const WITH_PERSON: Duration = Duration::from_secs(60);

const WITHOUT_PERSON: Duration = Duration::from_secs(3);

/// After this a person begins to wonder.
const A_MOMENT: Duration = Duration::from_secs(2);

impl Patience {
    /// As the environment says, else by whether a person is there.
    ///
    /// # Errors
    ///
    /// The environment says no time.
    pub(crate) fn chosen(terminal: Terminal) -> Result<Self, CliError> {
        let terminal = Some(terminal).filter(|terminal| terminal.has_user());
        let usual = if terminal.is_some() { WITH_PERSON } else { WITHOUT_PERSON };
        let deadline = environment::helper_timeout()?.unwrap_or(usual);
        Ok(Self { deadline, terminal })
    }

    pub(crate) fn has_person(self) -> bool {
        self.terminal.is_some()
    }

    /// The vault, of which the person reads when it takes its time. It has this name.
    pub(crate) fn announced(
        self,
        vault: impl ExternalStore + 'static,
        name: &str,
    ) -> Arc<dyn ExternalStore> {
        let text = format!("Waiting for {name}: it may be asking you to unlock it.");
        match self.terminal {
            Some(terminal) => {
                Arc::new(Announced { vault, terminal, text, is_said: AtomicBool::new(false) })
            }
            None => Arc::new(vault),
        }
    }
}

#[derive(Debug)]
struct Announced<V> {
    vault: V,
    terminal: Terminal,
    text: String,
    /// Once is enough for all that one command asks of it.
    is_said: AtomicBool,
}

impl<V: ExternalStore> Announced<V> {
    fn waiting<T>(&self, call: impl FnOnce(&V) -> T) -> T {
        if self.is_said.load(Ordering::Relaxed) {
            return call(&self.vault);
        }
        std::thread::scope(|scope| {
            let (begun, is_over) = channel::<()>();
            let announce = move || {
                if is_over.recv_timeout(A_MOMENT) == Err(RecvTimeoutError::Timeout) {
                    self.is_said.store(true, Ordering::Relaxed);
                    self.terminal.say(&self.text);
                }
            };
            // Where the system has no thread to give, it is waited for in silence.
            let _ = Builder::new().spawn_scoped(scope, announce);
            let outcome = call(&self.vault);
            drop(begun);
            outcome
        })
    }
}

impl<V: ExternalStore> ExternalStore for Announced<V> {
    fn name(&self) -> String {
        self.vault.name()
    }

    fn check(&self, length: usize) -> Result<(), ExternalStoreError> {
        self.waiting(|vault| vault.check(length))
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        self.waiting(ExternalStore::read)
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        self.waiting(|vault| vault.write(document))
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        self.waiting(ExternalStore::remove)
    }
}
