//! What is underneath a failure that has to do with a server: no answer, a refusal, or an answer that
//! is none.

use http_client::{Error as HttpError, ErrorResponse};
use login::{Error as LoginError, RevocationError};
use platform_api::Error as PlatformError;
use token_client::Error as TokenError;

use super::Failure;
use super::kind::Kind;

#[derive(Clone, Copy, Debug)]
pub(super) enum Underneath<'a> {
    NoAnswer(&'a HttpError),
    Refused(&'a ErrorResponse),
    Unusable,
    /// The issuer said yes, and not to this.
    NotEnabled,
}

impl Underneath<'_> {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::NoAnswer(_) => Kind::Network,
            Self::Refused(_) => Kind::Refused,
            Self::Unusable => Kind::UnusableAnswer,
            Self::NotEnabled => Kind::DeviceCodeNotEnabled,
        }
    }

    /// Whether the same may well work in a while.
    pub(super) fn is_transient(self) -> bool {
        match self {
            Self::NoAnswer(error) => error.is_transient(),
            Self::Refused(refusal) => refusal.is_transient(),
            Self::Unusable | Self::NotEnabled => false,
        }
    }
}

pub(super) fn find(failure: &Failure) -> Option<Underneath<'_>> {
    match failure {
        Failure::Login(error) => of_login(error),
        Failure::SignedInWithoutApiKey(error) => of_login(error),
        Failure::NotRevoked { source, .. } => match source.as_ref() {
            RevocationError::Refused(error) => Some(of_issuer(error)),
            _ => None,
        },
        _ => None,
    }
}

fn of_login(error: &LoginError) -> Option<Underneath<'_>> {
    Some(match error {
        LoginError::Unreached { source, .. } => Underneath::NoAnswer(source),
        LoginError::DeviceCode(error)
        | LoginError::Code(error)
        | LoginError::KeyExchange { source: error, .. }
        | LoginError::Refresh(error)
        | LoginError::SignInEnded(error) => of_issuer(error),
        LoginError::Platform(error) => of_platform(error),
        LoginError::KeyCreation { source, .. } => of_platform(source),
        LoginError::NoProject { failure, .. } => of_platform(failure.as_deref()?),
        _ => return None,
    })
}

pub(super) fn of_issuer(error: &TokenError) -> Underneath<'_> {
    match error {
        TokenError::Http(error) => Underneath::NoAnswer(error),
        TokenError::ErrorResponse(refusal) => Underneath::Refused(refusal),
        TokenError::DeviceCodeNotEnabled => Underneath::NotEnabled,
        _ => Underneath::Unusable,
    }
}

pub(super) fn of_platform(error: &PlatformError) -> Underneath<'_> {
    match error {
        PlatformError::Http { source, .. } => Underneath::NoAnswer(source),
        PlatformError::ErrorResponse { response: refusal, .. } => Underneath::Refused(refusal),
        _ => Underneath::Unusable,
    }
}
