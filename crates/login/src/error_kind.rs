use native_oauth::ErrorKind as Kind;

use crate::error::Error;
use crate::server_cause::ServerCause;

/// What kind of [`Error`](crate::Error) it is, by what a caller does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The account has no organization or no project.
    AccountNotSetUp,
    /// The sign-in was cancelled.
    Cancelled,
    /// The user, or the issuer, denied the request.
    Denied,
    /// The issuer does not support device codes, or not for this account.
    DeviceCodeNotEnabled,
    /// The callback has no code, or another issuer.
    InvalidCallback,
    /// A server returned success, with an invalid response.
    InvalidResponse,
    /// The sign-in has no access token.
    NoAccessToken,
    /// There is no response.
    Network,
    /// There is no project for the key.
    NoProject,
    /// The key was created, and not handed over.
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
    /// Each port is in use.
    PortInUse,
    /// A server returned an error.
    Refused,
    /// The sign-in has ended.
    SignInEnded,
    /// The new tokens were not stored, and the old ones no longer work.
    SignInLost,
    /// The store cannot be read or written.
    Store,
    /// Another program holds the lock of the store.
    StoreBusy,
    /// The system gives no random numbers, no socket or no terminal.
    System,
    /// Time is up.
    TimedOut,
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
            Self::OAuth(error) => error.kind().into(),
            Self::NoSelection(_) => ErrorKind::System,
            Self::Store(error) | Self::NotWritable(error) if error.is_transient() => {
                ErrorKind::StoreBusy
            }
            Self::Store(_) | Self::NotWritable(_) => ErrorKind::Store,
            Self::ListTimedOut { .. } => ErrorKind::TimedOut,
            Self::Refresh(error) => ServerCause::Token(error).kind(),
            Self::KeyExchange { source, .. } => ServerCause::Token(source).kind(),
            Self::Platform(error) => ServerCause::Platform(error).kind(),
            Self::KeyCreation { source, .. } => ServerCause::Platform(source).kind(),
            Self::MalformedJwt { .. }
            | Self::InvalidIdToken(_)
            | Self::InvalidAccessToken(_)
            | Self::InvalidRefreshResponse { .. } => ErrorKind::InvalidResponse,
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
}

impl ServerCause<'_> {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Http(_) => ErrorKind::Network,
            Self::Token(error) => match error.kind() {
                token_client::ErrorKind::NoResponse => ErrorKind::Network,
                token_client::ErrorKind::ErrorResponse => ErrorKind::Refused,
                token_client::ErrorKind::InvalidResponse => ErrorKind::InvalidResponse,
                token_client::ErrorKind::Unsupported => ErrorKind::DeviceCodeNotEnabled,
            },
            Self::Platform(error) => match error.kind() {
                platform_api::ErrorKind::NoResponse => ErrorKind::Network,
                platform_api::ErrorKind::ErrorResponse => ErrorKind::Refused,
                platform_api::ErrorKind::InvalidResponse => ErrorKind::InvalidResponse,
            },
        }
    }
}

impl From<Kind> for ErrorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Denied => Self::Denied,
            Kind::DeviceCodeNotEnabled => Self::DeviceCodeNotEnabled,
            Kind::ErrorResponse => Self::Refused,
            Kind::InvalidCallback => Self::InvalidCallback,
            Kind::InvalidResponse => Self::InvalidResponse,
            Kind::NoResponse => Self::Network,
            Kind::PortInUse => Self::PortInUse,
            Kind::Configuration | Kind::System => Self::System,
            Kind::TimedOut => Self::TimedOut,
        }
    }
}
