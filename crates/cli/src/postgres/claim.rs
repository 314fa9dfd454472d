use std::time::Duration;

use auth_store::{AuthDocument, Claim, ExternalStoreError};
use credentials::RefreshToken;
use postgres_store::{ClaimGuard, Document as _, StoredSignIn};
use terminal_ui::Terminal;
use token_source::{Commit, RefreshedTokens, StoreGuard as _};
use zeroize::Zeroizing;

use super::Error;
use super::call::{ReservedThread, run};
use super::document::{Stored, document_of};
use crate::signals;

/// The claim of this process on a row.
#[derive(Debug)]
pub(super) struct RowClaim {
    guard: ClaimGuard<Stored>,
    terminal: Terminal,
    /// Once the refresh token may be sent.
    thread: Option<ReservedThread>,
    /// Dropped after the guard, which gives the claim back.
    _call: signals::Call,
}

/// When a person would begin to wonder, and to end the process.
const PATIENCE: Duration = Duration::from_secs(2);

impl RowClaim {
    pub(super) fn new(guard: ClaimGuard<Stored>, terminal: Terminal) -> Self {
        Self { guard, terminal, thread: None, _call: signals::Call::begin() }
    }

    fn warn_of_delay(terminal: Terminal) {
        terminal.warn(
            "the new tokens are not in the database yet, and only this process has them: do not end it; \
             it tries for ten minutes",
        );
    }
}

impl Claim for RowClaim {
    fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        let stored = run(self.guard.load())?;
        Ok(stored.map(|it| document_of(it).to_bytes()).transpose()?)
    }

    fn reserve(&mut self, deadline: Duration) -> Result<(), ExternalStoreError> {
        self.thread = Some(ReservedThread::start()?);
        Ok(run(self.guard.reserve(deadline))?)
    }

    fn replace(&mut self, document: Option<&[u8]>) -> Result<bool, ExternalStoreError> {
        let stored = document.map(|text| Stored::parse(text).ok_or("it is not an auth.json"));
        let stored = stored.transpose()?;
        Ok(run(self.guard.store(stored.as_ref()))?)
    }

    fn commit(
        mut self: Box<Self>,
        document: AuthDocument,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<AuthDocument>, ExternalStoreError> {
        let document = StoredSignIn::Document(Stored::new(document)?);
        let thread = self.thread.take().map_or_else(ReservedThread::start, Ok)?;
        let commit = self.guard.commit(document, tokens, spent);
        let notice = || Self::warn_of_delay(self.terminal);
        Ok(match thread.run(commit, PATIENCE, notice)? {
            Commit::Stored(document) => Commit::Stored(document_of(document)),
            Commit::Superseded { stored, discarded } => {
                let (stored, discarded) = (stored.map(document_of), document_of(discarded));
                Commit::Superseded { stored, discarded }
            }
        })
    }

    fn release(self: Box<Self>) {
        // If it fails, the claim ends by itself.
        let _ = run(async {
            self.guard.release().await;
            Ok::<_, Error>(())
        });
    }
}
