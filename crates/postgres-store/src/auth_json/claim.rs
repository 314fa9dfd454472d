use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use auth_store::{AuthDocument, Claim, ClaimError, ExternalStoreError};
use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens, StoreGuard as _};
use zeroize::Zeroizing;

use super::call::ReservedThread;
use super::document::{AuthJson, document_of};
use super::{AuthDatabase, AuthOptions, Calls, Notice};
use crate::{ClaimGuard, Document as _, Error, StoredSignIn};

/// The claim of this process on a row.
#[derive(Debug)]
pub(super) struct RowClaim {
    guard: ClaimGuard<AuthJson>,
    database: Arc<AuthDatabase>,
    /// Once the refresh token may be sent.
    thread: Option<ReservedThread>,
    /// Dropped after the guard, which gives the claim back.
    _call: Box<dyn Debug + Send>,
}

/// When a person would begin to wonder, and to end the process.
const PATIENCE: Duration = Duration::from_secs(2);

impl RowClaim {
    pub(super) fn new(guard: ClaimGuard<AuthJson>, database: Arc<AuthDatabase>) -> Self {
        let call = (database.options.calls.begin)();
        Self { guard, database, thread: None, _call: call }
    }

    fn calls(&self) -> Calls {
        self.database.options.calls
    }
}

impl Claim for RowClaim {
    fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        let stored = self.calls().run(self.guard.load())?;
        Ok(stored.map(|it| document_of(it).to_bytes()).transpose()?)
    }

    fn reserve(&mut self, deadline: Duration) -> Result<(), ExternalStoreError> {
        self.thread = Some(ReservedThread::start()?);
        Ok(self.calls().run(self.guard.reserve(deadline))?)
    }

    fn replace(&mut self, document: Option<&[u8]>) -> Result<bool, ClaimError> {
        let stored = document.map(|text| AuthJson::parse(text).ok_or("it is not an auth.json"));
        let stored = stored.transpose().map_err(|error| ClaimError::NotStored(error.into()))?;
        Ok(self.calls().run(self.guard.store(stored.as_ref()))?)
    }

    fn commit(
        mut self: Box<Self>,
        document: AuthDocument,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<AuthDocument>, ClaimError> {
        let document = AuthJson::new(document);
        let document = document.map_err(|error| ClaimError::NotStored(error.into()))?;
        let document = StoredSignIn::Document(document);
        let thread = self.thread.take().map_or_else(ReservedThread::start, Ok)?;
        let commit = self.guard.commit(document, tokens, spent);
        let AuthOptions { calls, notify, .. } = &self.database.options;
        let notice = || notify(Notice::CommitDelayed);
        Ok(match thread.run(*calls, commit, PATIENCE, notice)? {
            Commit::Stored(document) => Commit::Stored(document_of(document)),
            Commit::Superseded { stored, discarded } => {
                let (stored, discarded) = (stored.map(document_of), document_of(discarded));
                Commit::Superseded { stored, discarded }
            }
        })
    }

    fn release(self: Box<Self>) {
        // If it fails, the claim ends by itself.
        let _ = self.calls().run(async {
            self.guard.release().await;
            Ok::<_, Error>(())
        });
    }
}
