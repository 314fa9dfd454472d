use auth_store::{AuthDocument, Error as StoreError, Location};
use jiff::Timestamp;

use super::revocation::DiscardedTokens;
use super::{AtRisk, Revocation, StoredSignIn, locked};
use crate::error::{Error, RevocationError};
use crate::event::{Event, Events};

/// How a sign-in ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoggedOut {
    /// Where it was stored.
    pub location: Location,
    /// Whether there was anything to remove.
    pub was_there: bool,
    /// What became of its tokens at the issuer.
    pub revocation: Revocation,
    /// The names of the other stores whose sign-ins may have ended with it, because they are the same
    /// person's.
    pub may_have_ended: Vec<String>,
    /// Whether an API key went with it. No revocation ends a key.
    pub had_api_key: bool,
    /// Whether a personal access token went with it. It stays valid.
    pub had_personal_access_token: bool,
}

/// What a log-out ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOutScope {
    /// The tokens at the issuer, and what is stored.
    Everywhere,
    /// What is stored. The tokens stay valid, wherever else they are in use.
    ThisMachine,
}

impl StoredSignIn {
    /// Revokes the sign-in, then removes it; what cannot be read is removed all the same, and so is an
    /// access token that was brought, which is not revoked. A revocation that fails is told, and keeps
    /// nothing from being removed.
    ///
    /// The locks are held from reading to removing, so that nobody refreshes what is being revoked,
    /// and nobody writes it again afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::OtherIssuer`] or [`Error::OtherClient`] and nothing has happened; [`Error::Store`] or [`Error::Busy`], and the
    /// sign-in may still be stored.
    pub async fn log_out(
        &self,
        scope: LogOutScope,
        events: Events<'_>,
    ) -> Result<LoggedOut, Error> {
        // Where there is nothing, no folder is made to lock it.
        if matches!(self.store.load(), Ok(None)) && !self.store.has_interrupted_save() {
            return Ok(LoggedOut::nothing(self.store.location()));
        }
        let mut locked = locked(&self.store, self.now, events).await?;
        locked.check_removable()?;
        let document = locked.load();
        // Without a document, what an interrupted save has left is the sign-in.
        let (document, abandoned) = match (document, locked.take_abandoned()) {
            (Ok(None), abandoned) => (Ok(abandoned), None),
            found => found,
        };
        let was_signed_in = matches!(&document, Ok(Some(_)));
        let had_api_key = matches!(&document, Ok(Some(document)) if document.api_key().is_some());
        let had_personal_access_token =
            matches!(&document, Ok(Some(document)) if document.has_personal_access_token());
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
        if scope == LogOutScope::Everywhere {
            self.revoker().discard_abandoned(abandoned, events).await;
        }
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

    /// The person asks for it, so that it is done also where other sign-ins of theirs could end with it.
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
        if document.is_access_token_alone() || document.other_mode().is_some() {
            return Ok((left_alone(&document, (self.now)()), Vec::new()));
        }
        if document.has_tokens() {
            self.is_ours(&document)?;
            self.client_of(&document)?;
        }
        let tokens = DiscardedTokens::from_document(&document);
        let revocation = self.revoker().revoke(&tokens).await;
        // Where no answer came in time, the issuer may have done it all the same.
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

/// A key, or what only another program understands, has no tokens that stay valid.
fn not_requested(document: &Result<Option<AuthDocument>, StoreError>) -> Revocation {
    match document {
        Ok(Some(document)) if !document.has_tokens() => Revocation::NothingToRevoke,
        _ => Revocation::NotRequested,
    }
}

/// What becomes of an access token that was imported, or is another program's: nothing, but that it may
/// be over.
fn left_alone(document: &AuthDocument, now: Timestamp) -> Revocation {
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
