use std::error::Error as StdError;
use std::time::Duration;

use http_client::RequestFailure;
use oauth_callback_server::{BindError, WaitError};
use token_client::InvalidIdToken;

use crate::browser::BrowserError;

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system returned no random bytes. No port was opened.
    #[error(transparent)]
    NoRandomness(Box<dyn StdError + Send + Sync>),
    /// The authorization endpoint is not [secure](http_client::is_secure). No port was opened.
    #[error("the authorization endpoint {url} is neither https nor on this machine")]
    InsecureEndpoint {
        /// The endpoint.
        url: String,
    },
    /// No port of the redirect URI could be opened.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No browser was opened, and nothing else shows the URL ([`SignIn::run`](crate::SignIn::run)).
    #[error("cannot open a browser to sign in")]
    BrowserNotOpened(#[source] BrowserError),
    /// No code was received.
    #[error(transparent)]
    Callback(#[from] WaitError),
    /// The wait timed out, and a server of the sign-in was unreachable at the end of it.
    #[error("no callback came, and {} could not be reached", source.host())]
    Unreachable {
        /// How long the wait was.
        after: Duration,
        /// Why the server was unreachable.
        source: http_client::Error,
    },
    /// The server issued no device code, or ended the device sign-in.
    #[error("cannot sign in by device code")]
    DeviceCode(#[source] token_client::Error),
    /// The person denied the sign-in on the other device.
    #[error("the sign-in was denied on the other device")]
    DeviceDenied,
    /// The device code expired before the person approved.
    #[error("the device code was not used in time")]
    DeviceExpired,
    /// A parameter that the sign-in sets itself was added as another one. No port was opened.
    #[error("the parameter {name} is set by the sign-in itself")]
    ReservedParameter {
        /// Its name.
        name: String,
    },
    /// `max_age` was set without the scope `openid`: the ID token would have to prove it. No port was opened.
    #[error("max_age needs the scope openid")]
    MissingOpenidScope,
    /// The signature of the ID token was to be verified, and the provider has no
    /// [`jwks_uri`](token_client::Provider::jwks_uri). No port was opened.
    #[error("the provider does not publish the keys of its ID tokens")]
    MissingKeys,
    /// The ID token is refused. The tokens of the response are dropped, not revoked.
    #[error(transparent)]
    InvalidIdToken(#[from] InvalidIdToken),
    /// The authorization request has to be [pushed](crate::PendingSignIn::push_request) before the wait.
    #[error("the authorization request was not pushed to the server")]
    NotPushed,
    /// The authorization request could not be pushed to the server.
    #[error("cannot push the authorization request to the server")]
    PushedRequest(#[source] token_client::Error),
    /// The code could not be exchanged for tokens.
    #[error("cannot exchange the code for tokens")]
    CodeExchange(#[source] token_client::Error),
}

/// What kind of [`Error`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider, or an option of the sign-in, is invalid.
    Configuration,
    /// The person, or the server, denied the request.
    Denied,
    /// The server does not support device codes, or not for this account.
    DeviceCodeNotEnabled,
    /// The server returned an error.
    ErrorResponse,
    /// The callback has no code, or another issuer.
    InvalidCallback,
    /// The server returned success, with an invalid response.
    InvalidResponse,
    /// There is no response.
    NoResponse,
    /// Each port is in use.
    PortInUse,
    /// The system returned no random bytes, or opened no socket or no browser.
    System,
    /// The person did not sign in before the timeout.
    TimedOut,
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InsecureEndpoint { .. }
            | Self::ReservedParameter { .. }
            | Self::MissingOpenidScope
            | Self::MissingKeys
            | Self::NotPushed
            | Self::PushedRequest(token_client::Error::PushNotSupported) => {
                ErrorKind::Configuration
            }
            Self::Bind(BindError::PortsInUse { .. }) => ErrorKind::PortInUse,
            Self::NoRandomness(_)
            | Self::BrowserNotOpened(_)
            | Self::Bind(_)
            | Self::Callback(WaitError::Runtime(_)) => ErrorKind::System,
            Self::Callback(WaitError::Denied { .. }) | Self::DeviceDenied => ErrorKind::Denied,
            Self::Callback(WaitError::TimedOut { .. })
            | Self::Unreachable { .. }
            | Self::DeviceExpired => ErrorKind::TimedOut,
            Self::Callback(_) => ErrorKind::InvalidCallback,
            Self::InvalidIdToken(InvalidIdToken::Keys { source, .. }) => kind_of_request(source),
            Self::InvalidIdToken(_) => ErrorKind::InvalidResponse,
            Self::DeviceCode(error) | Self::PushedRequest(error) | Self::CodeExchange(error) => {
                kind_of_request(error)
            }
        }
    }

    /// Whether a new sign-in may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => source.is_transient(),
            Self::DeviceCode(error) | Self::PushedRequest(error) | Self::CodeExchange(error) => {
                error.is_transient()
            }
            Self::InvalidIdToken(InvalidIdToken::Keys { source, .. }) => source.is_transient(),
            _ => false,
        }
    }
}

fn kind_of_request(error: &token_client::Error) -> ErrorKind {
    match error.request_failure() {
        Some(RequestFailure::NoResponse(_)) => ErrorKind::NoResponse,
        Some(RequestFailure::ErrorResponse(_)) => ErrorKind::ErrorResponse,
        Some(RequestFailure::InvalidResponse(_)) => ErrorKind::InvalidResponse,
        None if matches!(error, token_client::Error::NoRandomness(_)) => ErrorKind::System,
        None => ErrorKind::DeviceCodeNotEnabled,
    }
}

impl From<pkce::NoRandomness> for Error {
    fn from(error: pkce::NoRandomness) -> Self {
        Self::NoRandomness(error.into())
    }
}

impl From<oauth_callback_server::NoRandomness> for Error {
    fn from(error: oauth_callback_server::NoRandomness) -> Self {
        Self::NoRandomness(error.into())
    }
}
