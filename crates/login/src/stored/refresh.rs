use std::time::Duration;

use auth_store::{AuthDocument, AuthStore, Error as StoreError, ErrorKind, LockedStore};
use credentials::AccessToken;
use jiff::Timestamp;
use token_source::{Clock, Holder, LockError, TokenSource, Valid};
use tokio::time::sleep;

use super::endpoint::IssuerEndpoint;
use super::{StoredSignIn, check_not_ended, issuer_of, signed_in};
use crate::error::Error;
use crate::event::{Event, Events};

type SourceError = token_source::Error<StoreError, Error>;

impl StoredSignIn {
    /// The document with a valid access token. A token that is [due](token_source::is_due) is refreshed
    /// first, by one process for all processes.
    ///
    /// If the refresh fails and the old token is still valid, the old token is returned, and
    /// [`Event::RefreshPostponed`] has the error.
    ///
    /// # Errors
    ///
    /// [`Error::NotSignedIn`], [`Error::SignInEnded`], or the error of the refresh.
    pub async fn valid(&self, events: Events<'_>) -> Result<AuthDocument, Error> {
        let valid = self.source(events).valid(&|event| events(Event::Refresh(event))).await;
        let Valid { sign_in, postponed, .. } = valid.map_err(|error| match error {
            // Found before the refresh token is used.
            SourceError::NotWritable(source) => Error::NotWritable(source),
            error => self.map_error(error),
        })?;
        if let Some(error) = postponed {
            events(Event::RefreshPostponed(&self.map_error(error)));
        }
        Ok(sign_in)
    }

    /// The access token of that document, for a server of this issuer.
    ///
    /// # Errors
    ///
    /// [`Error::OtherIssuer`], [`Error::NoAccessToken`], or like [`valid`](Self::valid).
    pub(crate) async fn access_token(&self, events: Events<'_>) -> Result<AccessToken, Error> {
        self.own_access_token(&self.current()?)?;
        // Another sign-in may have replaced it in between.
        let valid = self.valid(events).await?;
        // A copy of the access token alone does not name its issuer.
        let is_copy = valid.has_only_access_token();
        self.own_access_token(&if is_copy { self.current()? } else { valid })
    }

    /// The stored access token of this issuer, unless it has expired.
    pub(crate) fn unexpired_access_token(&self) -> Result<AccessToken, Error> {
        let document = self.current()?;
        let has_expired = document.access_token_expires_at().is_some_and(|exp| exp <= self.now());
        let token = self.own_access_token(&document)?;
        if has_expired { Err(Error::AccessTokenExpired) } else { Ok(token) }
    }

    fn own_access_token(&self, document: &AuthDocument) -> Result<AccessToken, Error> {
        let is_chatgpt = document.personal_access_token().is_none();
        let token = document.access_token().filter(|_| is_chatgpt);
        let token = token.ok_or_else(|| Error::NoAccessToken(self.store.location()))?;
        self.check_issuer(document).map(|()| token)
    }

    /// Refreshes now. If another process refreshes at the same time, its tokens are used.
    ///
    /// # Errors
    ///
    /// Like [`valid`](Self::valid).
    pub async fn refresh(&self, events: Events<'_>) -> Result<AuthDocument, Error> {
        let refreshed = self.source(events).refresh(&|event| events(Event::Refresh(event))).await;
        refreshed.map_err(|error| self.map_error(error))
    }

    /// Waits for the lock of the store.
    pub(crate) async fn lock(&self, events: Events<'_>) -> Result<LockedStore, Error> {
        let report = |event| events(Event::Refresh(event));
        let locked = token_source::lock(&self.store, &TokioClock(self.now), &report).await;
        locked.map_err(|error| match error {
            LockError::Store(source) => Error::Store(source),
            LockError::Busy { waited, holder } => self.store_busy(waited, holder),
        })
    }

    fn store_busy(&self, waited: Duration, claimed_by: Option<Holder>) -> Error {
        Error::StoreBusy { waited, holder: self.store.holder(), claimed_by }
    }

    fn source<'a>(
        &'a self,
        events: Events<'a>,
    ) -> TokenSource<AuthStore, IssuerEndpoint<'a>, TokioClock> {
        let endpoint = IssuerEndpoint { sign_in: self, events };
        TokenSource::new(self.store.clone(), endpoint, TokioClock(self.now))
    }

    /// Tokens are sent only to their issuer.
    pub(super) fn check_issuer(&self, document: &AuthDocument) -> Result<(), Error> {
        let asked = self.client.issuer().as_str();
        match issuer_of(document) {
            stored if stored == asked => Ok(()),
            stored => Err(Error::OtherIssuer { stored, asked: asked.to_owned() }),
        }
    }

    fn map_error(&self, error: SourceError) -> Error {
        match error {
            SourceError::NotSignedIn => self.not_signed_in(),
            SourceError::Expired => self.current().err().unwrap_or_else(|| self.not_signed_in()),
            SourceError::Store(source) | SourceError::NotWritable(source) => Error::Store(source),
            SourceError::Busy { waited, holder } => self.store_busy(waited, holder),
            SourceError::Rejected(Error::Refresh(source)) => Error::SignInEnded(source),
            SourceError::Refresh(error) | SourceError::Rejected(error) => error,
            SourceError::NoAccessToken => Error::InvalidRefreshResponse { field: "access_token" },
            // The new tokens are stored or beside the file, so they are not lost.
            SourceError::NotStored(source)
                if matches!(source.kind(), ErrorKind::NotDurable | ErrorKind::NotReplaced) =>
            {
                Error::Store(source)
            }
            SourceError::NotStored(source) => Error::TokensNotStored(source),
        }
    }

    fn not_signed_in(&self) -> Error {
        Error::NotSignedIn(self.store.location())
    }

    /// The stored sign-in, unless it has ended.
    fn current(&self) -> Result<AuthDocument, Error> {
        let stored = signed_in(self.store.load()?, &self.store)?;
        check_not_ended(&stored, &self.store, self.now()).map(|()| stored)
    }
}

/// The clock of the caller, and the timer of the runtime.
#[derive(Clone, Copy, Debug)]
struct TokioClock(fn() -> Timestamp);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        (self.0)()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        sleep(duration)
    }
}
