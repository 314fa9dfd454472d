use auth_store::{AuthDocument, Location, Renewal};
use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;
use token_client::{Revocable, TokenClient};
use tokio::time::timeout;

use super::{REVOCATION_LIMIT, StoredSignIn, expires_at, issuer_of};
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
    /// Whether an API key went with it. No revocation ends a key.
    pub had_api_key: bool,
}

/// What became of tokens that are not needed any more.
#[derive(Debug)]
#[non_exhaustive]
pub enum Revocation {
    /// There was none to revoke.
    NothingToRevoke,
    /// It is an access token that the person had brought. It was not revoked, because the sign-in that
    /// it is from would end with it.
    NotOurs {
        /// How long it stays valid, where it says so.
        expires_at: Option<Timestamp>,
    },
    /// The issuer has revoked them.
    Revoked,
    /// They may still be valid.
    Failed(RevocationError),
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
    /// [`Error::OtherIssuer`] and nothing has happened; [`Error::Store`] or [`Error::Busy`], and the
    /// sign-in may still be stored.
    pub async fn log_out(&self, events: Events<'_>) -> Result<LoggedOut, Error> {
        // Where there is nothing, no folder is made to lock it.
        if matches!(self.store.load(), Ok(None)) {
            return Ok(LoggedOut::nothing(self.store.location()));
        }
        let mut locked = self.locked(events).await?;
        locked.check_removable()?;
        let document = locked.load();
        if let Ok(Some(document)) = &document
            && document.has_tokens()
            && !document.is_access_token_alone()
        {
            self.is_ours(document)?;
        }
        let had_api_key = matches!(&document, Ok(Some(document)) if document.api_key().is_some());
        let revocation = match document {
            Ok(Some(document)) if document.is_access_token_alone() => {
                left_alone(&document, (self.now)())
            }
            Ok(Some(document)) => revoke(&self.client, &Replaced::of(&document)).await,
            Ok(None) => Revocation::NothingToRevoke,
            Err(error) => Revocation::Failed(RevocationError::Unreadable(error)),
        };
        let was_there = locked.remove()?;
        Ok(LoggedOut { location: locked.location(), was_there, revocation, had_api_key })
    }
}

/// What becomes of an access token that was brought: nothing, but that it may be over.
fn left_alone(document: &AuthDocument, now: Timestamp) -> Revocation {
    match expires_at(document) {
        Some(exp) if exp <= now => Revocation::NothingToRevoke,
        expires_at => Revocation::NotOurs { expires_at },
    }
}

impl LoggedOut {
    fn nothing(location: Location) -> Self {
        let revocation = Revocation::NothingToRevoke;
        Self { location, was_there: false, revocation, had_api_key: false }
    }
}

/// The tokens of a sign-in that another one takes the place of.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    refresh_token: Option<RefreshToken>,
    access_token: Option<AccessToken>,
    issuer: String,
}

impl Replaced {
    /// Nothing, where it is an access token that was brought: the sign-in that it is from would end.
    pub(crate) fn of(document: &AuthDocument) -> Self {
        if document.is_access_token_alone() {
            return Self::default();
        }
        Self {
            refresh_token: document.refresh_token(),
            access_token: document.access_token(),
            issuer: issuer_of(document),
        }
    }

    /// Nothing, where the new sign-in has the same access token: whoever ends the old one ends both.
    pub(crate) fn unless_kept_in(self, document: &AuthDocument) -> Self {
        let kept = document.access_token();
        let is_kept = |old: &AccessToken| kept.is_some_and(|kept| kept.expose() == old.expose());
        if self.access_token.as_ref().is_some_and(is_kept) { Self::default() } else { self }
    }

    /// Tokens that nobody waits for any more.
    pub(crate) fn unwanted(renewal: Renewal, issuer: String) -> Self {
        let Renewal { refresh_token, access_token, .. } = renewal;
        Self { refresh_token, access_token, issuer }
    }

    /// The refresh token, because the whole sign-in ends with it; else the access token.
    fn revocable(&self) -> Option<Revocable<'_>> {
        let refresh_token = self.refresh_token.as_ref().map(Revocable::RefreshToken);
        refresh_token.or_else(|| self.access_token.as_ref().map(Revocable::AccessToken))
    }
}

/// Revokes what another sign-in has taken the place of, and tells when that fails.
pub(crate) async fn revoke_replaced(client: &TokenClient, replaced: &Replaced, events: Events<'_>) {
    if let Revocation::Failed(error) = revoke(client, replaced).await {
        events(Event::NotRevoked(&error));
    }
}

/// Tokens are only sent to the issuer that they are from.
async fn revoke(client: &TokenClient, replaced: &Replaced) -> Revocation {
    let Some(revocable) = replaced.revocable() else {
        return Revocation::NothingToRevoke;
    };
    if replaced.issuer != client.issuer().as_str() {
        return Revocation::Failed(RevocationError::OtherIssuer(replaced.issuer.clone()));
    }
    match timeout(REVOCATION_LIMIT, client.revoke(revocable)).await {
        Ok(Ok(())) => Revocation::Revoked,
        Ok(Err(error)) => Revocation::Failed(RevocationError::Refused(error)),
        Err(_) => Revocation::Failed(RevocationError::TimedOut(REVOCATION_LIMIT)),
    }
}
