use auth_store::{AuthDocument, AuthStore, Error as StoreError, LockedStore};
use credentials::AccessToken;
use jiff::Timestamp;
use token_source::{LockError, TokenSource, Valid};

use super::clock::TokioClock;
use super::endpoint::IssuerEndpoint;
use super::{StoredSignIn, check_not_ended, issuer_of};
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
        let valid = self.source(events).valid(&|event| forward(event, events)).await;
        let Valid { sign_in, postponed } = valid.map_err(|error| match error {
            SourceError::NotWritable(source) if is_not_writable(&source) => {
                Error::NotWritable(source)
            }
            error => self.error(error),
        })?;
        if let Some(error) = postponed {
            events(Event::RefreshPostponed(&self.error(error)));
        }
        Ok(sign_in)
    }

    /// The access token of that document, for a server of this issuer.
    ///
    /// # Errors
    ///
    /// [`Error::OtherIssuer`], [`Error::NoAccessToken`], or like [`valid`](Self::valid).
    pub(crate) async fn access_token(&self, events: Events<'_>) -> Result<AccessToken, Error> {
        self.own_access_token(&self.load()?)?;
        // Another sign-in may have replaced it in between.
        self.own_access_token(&self.valid(events).await?)
    }

    fn own_access_token(&self, document: &AuthDocument) -> Result<AccessToken, Error> {
        let is_chatgpt = document.personal_access_token().is_none();
        let token = document.access_token().filter(|_| is_chatgpt);
        let none = || Error::NoAccessToken { location: self.store.location() };
        let token = token.ok_or_else(none)?;
        self.check_issuer(document).map(|()| token)
    }

    /// Refreshes now. If another process refreshes at the same time, its tokens are used.
    ///
    /// # Errors
    ///
    /// Like [`valid`](Self::valid).
    pub async fn refresh(&self, events: Events<'_>) -> Result<AuthDocument, Error> {
        let refreshed = self.source(events).refresh(&|event| forward(event, events)).await;
        refreshed.map_err(|error| self.error(error))
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

    fn error(&self, error: SourceError) -> Error {
        match error {
            SourceError::NotSignedIn => Error::NotSignedIn { location: self.store.location() },
            SourceError::Expired => self.ended(),
            SourceError::Store(source) | SourceError::NotWritable(source) => Error::Store(source),
            SourceError::Busy { waited } => {
                Error::StoreBusy { waited, holder: self.store.holder() }
            }
            SourceError::Rejected(Error::Refresh(source)) => Error::SignInEnded(source),
            SourceError::Refresh(error) | SourceError::Rejected(error) => error,
            SourceError::NoAccessToken => Error::InvalidRefreshResponse { field: "access_token" },
            // The new tokens are stored or beside the file, so they are not lost.
            SourceError::NotStored(
                source @ (StoreError::NotDurable { .. } | StoreError::NotReplaced { .. }),
            ) => Error::Store(source),
            SourceError::NotStored(source) => Error::TokensNotStored(source),
        }
    }

    /// The error for a sign-in that has ended.
    fn ended(&self) -> Error {
        let none = || Error::NotSignedIn { location: self.store.location() };
        match self.store.load() {
            Ok(Some(document)) => {
                check_not_ended(&document, &self.store, (self.now)()).err().unwrap_or_else(none)
            }
            Ok(None) => none(),
            Err(source) => Error::Store(source),
        }
    }
}

/// Waits for the lock of the store.
pub(crate) async fn lock_store(
    store: &AuthStore,
    now: fn() -> Timestamp,
    events: Events<'_>,
) -> Result<LockedStore, Error> {
    let locked = token_source::lock(store, &TokioClock(now), &|event| forward(event, events)).await;
    locked.map_err(|error| match error {
        LockError::Store(source) => Error::Store(source),
        LockError::Busy { waited } => Error::StoreBusy { waited, holder: store.holder() },
    })
}

fn forward(event: token_source::Event, events: Events<'_>) {
    match event {
        token_source::Event::WaitingForLock => events(Event::WaitingForLock),
        token_source::Event::Refreshing => events(Event::Refreshing),
        token_source::Event::Refreshed => events(Event::Refreshed),
        _ => {}
    }
}

/// Whether the store is not writable, which is found before the refresh token is used.
fn is_not_writable(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NotWritable { .. }
            | StoreError::ForeignOwner { .. }
            | StoreError::WorldWritable { .. }
            | StoreError::Io { .. }
    )
}
