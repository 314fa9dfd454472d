use http_client::{DecodeError, ErrorResponse};
use native_oauth::{Error as OAuthError, ErrorKind as OAuthErrorKind};
use platform_api::Error as PlatformError;
use token_client::Error as TokenError;

use crate::error::Error;

/// What kind of [`Error`](crate::Error) it is, by what a caller does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// One that a sign-in with any provider has. Errors of all servers have its kinds too.
    OAuth(OAuthErrorKind),
    /// The account has no organization or no project.
    AccountNotSetUp,
    /// The sign-in was cancelled.
    Cancelled,
    /// The sign-in has no access token.
    NoAccessToken,
    /// There is no project for the key.
    NoProject,
    /// The key was created, and not delivered.
    NotDelivered,
    /// The key was created, and not stored.
    NotStored,
    /// There is no sign-in.
    NotSignedIn,
    /// The sign-in cannot be refreshed.
    NothingToRefresh,
    /// The stored tokens are another client's.
    OtherClient,
    /// The stored tokens are another issuer's.
    OtherIssuer,
    /// The sign-in has ended.
    SignInEnded,
    /// The new tokens were not stored, and the old ones no longer work.
    SignInLost,
    /// The store cannot be read or written.
    Store,
    /// Another program holds the lock of the store.
    StoreBusy,
    /// The account has no such organization.
    UnknownOrganization,
    /// The account has no such project.
    UnknownProject,
    /// The workspace of the account is not allowed.
    WrongWorkspace,
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OAuth(error) => ErrorKind::OAuth(error.kind()),
            Self::NoSelection(_) => ErrorKind::OAuth(OAuthErrorKind::System),
            Self::Store(error) | Self::NotWritable(error) if error.is_transient() => {
                ErrorKind::StoreBusy
            }
            Self::Store(_) | Self::NotWritable(_) => ErrorKind::Store,
            Self::ListTimedOut { .. } => ErrorKind::OAuth(OAuthErrorKind::TimedOut),
            Self::Refresh(_)
            | Self::KeyExchange { .. }
            | Self::Platform(_)
            | Self::KeyCreation { .. } => {
                let kind = self.server_cause().map(ServerCause::kind);
                ErrorKind::OAuth(kind.unwrap_or(OAuthErrorKind::ErrorResponse))
            }
            Self::MalformedJwt { .. }
            | Self::InvalidIdToken(_)
            | Self::InvalidAccessToken(_)
            | Self::InvalidRefreshResponse { .. } => {
                ErrorKind::OAuth(OAuthErrorKind::InvalidResponse)
            }
            Self::WrongWorkspace { .. } => ErrorKind::WrongWorkspace,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::MissingClaim { .. } => ErrorKind::AccountNotSetUp,
            Self::UnknownOrganization { .. } => ErrorKind::UnknownOrganization,
            Self::UnknownProject { .. } => ErrorKind::UnknownProject,
            Self::NoProject { .. } => ErrorKind::NoProject,
            Self::NotDelivered { .. } => ErrorKind::NotDelivered,
            Self::NotStored { .. } => ErrorKind::NotStored,
            Self::NotSignedIn { .. } => ErrorKind::NotSignedIn,
            Self::SignInExpired { .. } | Self::SignInEnded(_) => ErrorKind::SignInEnded,
            Self::NothingToRefresh { .. } | Self::UnsupportedAuthMode { .. } => {
                ErrorKind::NothingToRefresh
            }
            Self::NoAccessToken { .. } => ErrorKind::NoAccessToken,
            Self::OtherIssuer { .. } => ErrorKind::OtherIssuer,
            Self::OtherClient { .. } => ErrorKind::OtherClient,
            Self::TokensNotStored(_) => ErrorKind::SignInLost,
            Self::StoreBusy { .. } => ErrorKind::StoreBusy,
        }
    }

    /// Whether the same may work later. If a key may exist, it is `false`: another try could create a
    /// second one.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::NotWritable(error) => error.is_transient(),
            Self::StoreBusy { .. } => true,
            Self::SignInEnded(_) => false,
            // A 401 of the issuer itself would have ended the sign-in: a gateway returned this one.
            Self::Refresh(TokenError::ErrorResponse(it)) if it.status == 401 => true,
            _ => {
                let passes = self.server_cause().is_some_and(ServerCause::is_transient);
                passes && !self.key_may_exist()
            }
        }
    }

    /// Whether a key may exist that was not delivered.
    #[must_use]
    pub fn key_may_exist(&self) -> bool {
        match self {
            Self::KeyExchange { source, .. } => source.may_have_taken_effect(),
            Self::KeyCreation { source, .. } => source.may_have_created_key(),
            _ => false,
        }
    }

    /// Whether a new sign-in solves this.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        let is_unauthorized = matches!(self, Self::Platform(error) if error.is_unauthorized());
        is_unauthorized
            || matches!(
                self.kind(),
                ErrorKind::NotSignedIn
                    | ErrorKind::SignInEnded
                    | ErrorKind::NothingToRefresh
                    | ErrorKind::NoAccessToken
                    | ErrorKind::OtherIssuer
                    | ErrorKind::OtherClient
            )
    }

    /// Why a request failed, if that is the reason.
    #[must_use]
    pub fn server_cause(&self) -> Option<ServerCause<'_>> {
        match self {
            Self::OAuth(OAuthError::Unreachable { source, .. }) => {
                Some(ServerCause::NoResponse(source))
            }
            Self::OAuth(OAuthError::DeviceCode(error) | OAuthError::CodeExchange(error))
            | Self::Refresh(error)
            | Self::SignInEnded(error) => ServerCause::from_token_error(error),
            Self::KeyExchange { source, .. } => ServerCause::from_token_error(source),
            Self::Platform(error) => ServerCause::from_platform_error(error),
            Self::KeyCreation { source, .. } => ServerCause::from_platform_error(source),
            Self::NoProject { failure, .. } => {
                failure.as_deref().and_then(ServerCause::from_platform_error)
            }
            _ => None,
        }
    }
}

/// Why a request failed, at any server.
#[derive(Clone, Copy, Debug)]
pub enum ServerCause<'a> {
    /// There is no response.
    NoResponse(&'a http_client::Error),
    /// The server returned an error.
    ErrorResponse(&'a ErrorResponse),
    /// The server returned success, with an invalid response.
    InvalidResponse(&'a DecodeError),
}

impl<'a> ServerCause<'a> {
    /// `None` if no request was sent.
    #[must_use]
    pub fn from_token_error(error: &'a TokenError) -> Option<Self> {
        match error {
            TokenError::Http(error) => Some(Self::NoResponse(error)),
            TokenError::ErrorResponse(response) => Some(Self::ErrorResponse(response)),
            TokenError::InvalidResponse(error) => Some(Self::InvalidResponse(error)),
            _ => None,
        }
    }

    /// The same for the platform.
    #[must_use]
    pub fn from_platform_error(error: &'a PlatformError) -> Option<Self> {
        match error {
            PlatformError::Http { source, .. } => Some(Self::NoResponse(source)),
            PlatformError::ErrorResponse { response, .. } => Some(Self::ErrorResponse(response)),
            PlatformError::InvalidResponse { source, .. } => Some(Self::InvalidResponse(source)),
            _ => None,
        }
    }

    /// Whether the same request may work later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        match self {
            Self::NoResponse(error) => error.is_transient(),
            Self::ErrorResponse(response) => response.is_transient(),
            Self::InvalidResponse(_) => false,
        }
    }

    fn kind(self) -> OAuthErrorKind {
        match self {
            Self::NoResponse(_) => OAuthErrorKind::NoResponse,
            Self::ErrorResponse(_) => OAuthErrorKind::ErrorResponse,
            Self::InvalidResponse(_) => OAuthErrorKind::InvalidResponse,
        }
    }
}
