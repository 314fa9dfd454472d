use auth_store::AuthDocument;
use jiff::Timestamp;

use super::{DiscardedTokens, Revocation, StoredSignIn};
use crate::error::{Error, RevocationError};
use crate::event::{Event, Events};

/// The outcome of a logout.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LoggedOut {
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
        let mut logged_out = LoggedOut::default();
        // Without a sign-in, no folder is created for the lock.
        if matches!(self.store.load(), Ok(None)) {
            return Ok(logged_out);
        }
        let mut locked = self.lock(events).await?;
        locked.check_removable()?;
        let document = locked.load();
        logged_out.was_there = matches!(document, Ok(Some(_)));
        logged_out.revocation = match document.map(Option::unwrap_or_default) {
            Ok(document) => {
                logged_out.had_api_key = document.api_key().is_some();
                logged_out.had_personal_access_token = document.has_personal_access_token_field();
                if let Some(auth_mode) = document.other_mode() {
                    events(Event::OtherProgramsSignIn { auth_mode: &auth_mode });
                }
                match scope {
                    LogOutScope::Everywhere => {
                        self.revoke_stored(&document, &mut logged_out.may_have_ended).await?
                    }
                    LogOutScope::ThisMachine if document.has_tokens() => Revocation::NotRequested,
                    LogOutScope::ThisMachine => Revocation::NothingToRevoke,
                }
            }
            Err(_) if scope == LogOutScope::ThisMachine => Revocation::NotRequested,
            Err(error) => Revocation::Failed(RevocationError::Unreadable(error)),
        };
        if matches!(logged_out.revocation, Revocation::Revoked) {
            events(Event::Revoked);
        }
        logged_out.was_there |= locked.remove()?;
        events(Event::Removed);
        Ok(logged_out)
    }

    /// Revokes even if that can end other sign-ins, because the person requests it. Those are added to
    /// `may_have_ended`.
    async fn revoke_stored(
        &self,
        document: &AuthDocument,
        may_have_ended: &mut Vec<String>,
    ) -> Result<Revocation, Error> {
        if document.has_only_access_token() || document.other_mode().is_some() {
            return Ok(not_revoked(document, self.now()));
        }
        if document.has_tokens() {
            self.client_for(document)?;
        }
        let tokens = DiscardedTokens::from_document(document);
        let revocation = self.revoke(&tokens).await;
        // After a timeout, the issuer may have revoked the tokens anyway.
        if let Revocation::Revoked
        | Revocation::Failed(RevocationError::TimedOut(_) | RevocationError::Refused(_)) =
            revocation
        {
            *may_have_ended = self.affected_sign_ins(&tokens).others;
        }
        Ok(revocation)
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
