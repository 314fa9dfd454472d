use auth_store::{AuthDocument, Error as StoreError, Location};
use jiff::Timestamp;

use super::revocation::DiscardedTokens;
use super::{AtRisk, Revocation, StoredSignIn, lock_store};
use crate::error::{Error, RevocationError};
use crate::event::{Event, Events};

/// The outcome of a logout.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoggedOut {
    /// The store.
    pub location: Location,
    /// Whether there was a sign-in.
    pub was_there: bool,
    /// Whether its tokens were revoked.
    pub revocation: Revocation,
    /// The names of other stores whose sign-ins of the same person may have ended too.
    pub may_have_ended: Vec<String>,
    /// Whether an API key was removed. It stays valid.
    pub had_api_key: bool,
    /// Whether a personal access token was removed. It stays valid.
    pub had_personal_access_token: bool,
}

/// What a logout ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOutScope {
    /// Revoke the tokens, and remove the sign-in.
    Everywhere,
    /// Remove the sign-in. The tokens stay valid.
    ThisMachine,
}

impl StoredSignIn {
    /// Revokes the sign-in, then removes it. An unreadable document is removed too, and so is an imported
    /// access token, which is not revoked. A failed revocation does not prevent the removal.
    ///
    /// The lock is held throughout, so that no process refreshes or stores the sign-in in between.
    ///
    /// # Errors
    ///
    /// [`Error::OtherIssuer`] or [`Error::OtherClient`], and nothing is changed; [`Error::Store`] or
    /// [`Error::StoreBusy`], and the sign-in may still be stored.
    pub async fn log_out(
        &self,
        scope: LogOutScope,
        events: Events<'_>,
    ) -> Result<LoggedOut, Error> {
        // Without a sign-in, no folder is created for the lock.
        if matches!(self.store.load(), Ok(None)) {
            return Ok(LoggedOut::nothing(self.store.location()));
        }
        let mut locked = lock_store(&self.store, self.now, events).await?;
        locked.check_removable()?;
        let document = locked.load();
        let was_signed_in = matches!(&document, Ok(Some(_)));
        let had_api_key = matches!(&document, Ok(Some(document)) if document.api_key().is_some());
        let had_personal_access_token =
            matches!(&document, Ok(Some(document)) if document.has_personal_access_token_field());
        if let Ok(Some(document)) = &document
            && let Some(auth_mode) = document.other_mode()
        {
            events(Event::OtherProgramsSignIn { auth_mode: &auth_mode });
        }
        let (revocation, may_have_ended) = match scope {
            LogOutScope::Everywhere => self.revoke_stored(document).await?,
            LogOutScope::ThisMachine => (not_requested(&document), Vec::new()),
        };
        if matches!(revocation, Revocation::Revoked) {
            events(Event::Revoked);
        }
        let was_there = locked.remove()? || was_signed_in;
        events(Event::Removed);
        let location = locked.location();
        Ok(LoggedOut {
            location,
            was_there,
            revocation,
            may_have_ended,
            had_api_key,
            had_personal_access_token,
        })
    }

    /// Revokes even if that can end other sign-ins, because the person requests it.
    async fn revoke_stored(
        &self,
        document: Result<Option<AuthDocument>, StoreError>,
    ) -> Result<(Revocation, Vec<String>), Error> {
        let document = match document {
            Ok(Some(document)) => document,
            Ok(None) => return Ok((Revocation::NothingToRevoke, Vec::new())),
            Err(error) => {
                let unreadable = RevocationError::Unreadable(error);
                return Ok((Revocation::Failed(unreadable), Vec::new()));
            }
        };
        if document.has_only_access_token() || document.other_mode().is_some() {
            return Ok((not_revoked(&document, (self.now)()), Vec::new()));
        }
        if document.has_tokens() {
            self.check_issuer(&document)?;
            self.client_for(&document)?;
        }
        let tokens = DiscardedTokens::from_document(&document);
        let revocation = self.revoker().revoke(&tokens).await;
        // After a timeout, the issuer may have revoked the tokens anyway.
        let AtRisk { others, .. } = match revocation {
            Revocation::Revoked
            | Revocation::Failed(RevocationError::TimedOut(_) | RevocationError::Refused(_)) => {
                tokens.at_risk(&self.store, &self.others)
            }
            _ => AtRisk::default(),
        };
        Ok((revocation, others))
    }
}

/// A document without tokens has nothing to revoke.
fn not_requested(document: &Result<Option<AuthDocument>, StoreError>) -> Revocation {
    match document {
        Ok(Some(document)) if !document.has_tokens() => Revocation::NothingToRevoke,
        _ => Revocation::NotRequested,
    }
}

/// The outcome for an access token that was imported or belongs to another program.
fn not_revoked(document: &AuthDocument, now: Timestamp) -> Revocation {
    match document.access_token_expires_at() {
        Some(exp) if exp <= now => Revocation::NothingToRevoke,
        None if document.access_token().is_none() => Revocation::NothingToRevoke,
        expires_at => Revocation::Imported { expires_at },
    }
}

impl LoggedOut {
    fn nothing(location: Location) -> Self {
        let revocation = Revocation::NothingToRevoke;
        let may_have_ended = Vec::new();
        Self {
            location,
            was_there: false,
            revocation,
            may_have_ended,
            had_api_key: false,
            had_personal_access_token: false,
        }
    }
}
