use std::error::Error as StdError;
use std::time::Duration;

use credentials::{AccessToken, IdToken, RefreshToken};
use jiff::Timestamp;

/// The token endpoint of an authorization server, for sign-ins of type `S`.
pub trait TokenEndpoint<S>: Send + Sync {
    /// Why a sign-in cannot be refreshed.
    type Error: RefreshError;

    /// The refresh token of this sign-in. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// It has none, or it may not be sent to this endpoint.
    fn refresh_token(&self, sign_in: &S) -> Result<RefreshToken, Self::Error>;

    /// How long a [refresh](Self::refresh) takes at most, with all of its requests: less than other processes
    /// [wait](crate::WaitPolicy::timeout) for the lock. It sends no token later than that, not even if
    /// the machine was suspended meanwhile: a claim may have ended.
    fn deadline(&self) -> Duration;

    /// Sends the refresh token ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    /// With refresh token rotation ([RFC 9700 §4.14.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2))
    /// it works once.
    fn refresh(
        &self,
        sign_in: &S,
        token: &RefreshToken,
    ) -> impl Future<Output = Result<TokenResponse<Self::Error>, Self::Error>> + Send;

    /// Revokes the tokens of a sign-in that nothing stores, where that cannot end one that is stored.
    fn discard(&self, sign_in: S) -> impl Future<Output = ()> + Send;
}

/// The answer to a refresh.
#[derive(Debug)]
pub struct TokenResponse<E> {
    /// What to store. A new refresh token is stored even if the rest of the answer is of no use: its
    /// predecessor is spent.
    pub tokens: RefreshedTokens,
    /// What is wrong with the rest of the answer.
    pub defect: Option<E>,
}

/// The tokens that a refresh returned. Where one is `None`, the old one stays.
#[derive(Debug, Default)]
pub struct RefreshedTokens {
    /// The new ID token.
    pub id_token: Option<IdToken>,
    /// The new access token.
    pub access_token: Option<AccessToken>,
    /// The new refresh token.
    pub refresh_token: Option<RefreshToken>,
    /// When the access token was issued, if there is a new one.
    pub last_refresh: Option<Timestamp>,
    /// When it expires, if the response says so. A store whose access tokens say it themselves needs
    /// no such time.
    pub expires_at: Option<Timestamp>,
}

/// An error that says what it means for the stored sign-in.
pub trait RefreshError: StdError + Send + Sync + 'static {
    /// What it means.
    fn kind(&self) -> RefreshErrorKind;
}

/// What a failed refresh means for the stored sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshErrorKind {
    /// Nothing was sent: this sign-in was never meant to be refreshed here. Its access token is good
    /// until it expires.
    NotRefreshable,
    /// The refresh token was not used: it was not sent, or the server says so. A later attempt may
    /// work.
    Unavailable,
    /// The refresh token was sent, and may have been used: there was no response, or a server error.
    /// A later attempt may work.
    OutcomeUnknown,
    /// The server no longer accepts the refresh token.
    Rejected,
    /// Likewise, because another program has used it. That program has its successor.
    AlreadyUsed,
    /// The response is invalid.
    InvalidResponse,
}
