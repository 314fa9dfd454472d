use http_client::{DecodeError, ErrorResponse};
use native_oauth::Error as OAuthError;

use crate::error::Error;

/// The error of a request to a server.
#[derive(Clone, Copy, Debug)]
pub enum ServerCause<'a> {
    /// There is no response.
    Http(&'a http_client::Error),
    /// A request to the issuer.
    Token(&'a token_client::Error),
    /// A request to the platform.
    Platform(&'a platform_api::Error),
}

impl<'a> ServerCause<'a> {
    /// Whether the same request may work later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        match self {
            Self::Http(error) => error.is_transient(),
            Self::Token(error) => error.is_transient(),
            Self::Platform(error) => error.is_transient(),
        }
    }

    /// Why there is no response.
    #[must_use]
    pub fn http_error(self) -> Option<&'a http_client::Error> {
        match self {
            Self::Http(error) => Some(error),
            Self::Token(error) => error.http_error(),
            Self::Platform(error) => error.http_error(),
        }
    }

    /// The error that the server returned.
    #[must_use]
    pub fn error_response(self) -> Option<&'a ErrorResponse> {
        match self {
            Self::Http(_) => None,
            Self::Token(error) => error.error_response(),
            Self::Platform(error) => error.error_response(),
        }
    }
}

impl ServerCause<'_> {
    /// Whether the response is success, and its body is not JSON: often the page of a proxy or a firewall.
    #[must_use]
    pub fn is_not_json(self) -> bool {
        let error = match self {
            Self::Token(token_client::Error::InvalidResponse(error)) => error,
            Self::Platform(platform_api::Error::InvalidResponse { source, .. }) => source,
            _ => return false,
        };
        matches!(error, DecodeError::NotJson { .. })
    }
}

impl Error {
    /// Whether the same may work later. If a key may exist, it is `false`: another try could create a
    /// second one.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::NotWritable(error) => error.is_transient(),
            Self::StoreBusy { .. } => true,
            Self::SignInEnded(_) => false,
            // A 401 of the issuer itself would have ended the sign-in: a gateway returned this one.
            Self::Refresh(token_client::Error::ErrorResponse(it)) if it.status == 401 => true,
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

    /// The error of a request, if one is the reason.
    #[must_use]
    pub fn server_cause(&self) -> Option<ServerCause<'_>> {
        Some(match self {
            Self::OAuth(OAuthError::Unreachable { source, .. }) => ServerCause::Http(source),
            Self::OAuth(OAuthError::DeviceCode(error) | OAuthError::CodeExchange(error))
            | Self::KeyExchange { source: error, .. }
            | Self::Refresh(error)
            | Self::SignInEnded(error) => ServerCause::Token(error),
            Self::Platform(error) => ServerCause::Platform(error),
            Self::KeyCreation { source, .. } => ServerCause::Platform(source),
            Self::NoProject { failure, .. } => ServerCause::Platform(failure.as_deref()?),
            _ => return None,
        })
    }
}
