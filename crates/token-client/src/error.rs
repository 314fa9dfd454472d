use std::time::Duration;

use http_client::{DecodeError, ErrorResponse, RequestFailure};

use crate::dpop::NoRandomness;

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no complete response. Whether the request was sent: see
    /// [`provably_not_sent`](http_client::Error::provably_not_sent).
    #[error(transparent)]
    Http(#[from] http_client::Error),
    /// The server returned an error.
    #[error("the issuer refused: {0}")]
    ErrorResponse(ErrorResponse),
    /// The server returned success, with a body that is no token response. A single-use code or refresh
    /// token is spent.
    #[error("the issuer's response cannot be used")]
    InvalidResponse(#[from] DecodeError),
    /// The issuer has no device codes, or not for this account.
    #[error("sign-in by device code is not enabled")]
    DeviceCodeNotEnabled,
    /// A proof could not be signed. Nothing was sent.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The server has no endpoint for pushed authorization requests.
    #[error("the server has no endpoint for pushed authorization requests")]
    PushNotSupported,
    /// The server has no revocation endpoint.
    #[error("the provider has no known revocation endpoint")]
    RevocationNotSupported,
}

impl Error {
    /// Why the request failed; `None` if none was sent.
    #[must_use]
    pub fn request_failure(&self) -> Option<RequestFailure<'_>> {
        match self {
            Self::Http(error) => Some(RequestFailure::NoResponse(error)),
            Self::ErrorResponse(response) => Some(RequestFailure::ErrorResponse(response)),
            Self::InvalidResponse(error) => Some(RequestFailure::InvalidResponse(error)),
            _ => None,
        }
    }

    /// The error that the server returned.
    #[must_use]
    pub fn error_response(&self) -> Option<&ErrorResponse> {
        self.request_failure()?.error_response()
    }

    /// Whether the server may have acted on the request: a response was lost, is invalid, or is a
    /// server error.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        self.request_failure().is_some_and(RequestFailure::may_have_taken_effect)
    }

    /// Whether the same request may succeed later: there was no response, or the server was busy or
    /// failed. A single-use code or token may be spent all the same.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.request_failure().is_some_and(RequestFailure::is_transient)
    }

    /// Whether a [refresh](crate::TokenClient::refresh) can only fail again, so that the person has to
    /// sign in: the refresh token "is invalid, expired, revoked"
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)), or the server wants to see the
    /// person ([OpenID Connect Core §3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    #[must_use]
    pub fn requires_reauthentication(&self) -> bool {
        const CODES: [&str; 5] = [
            "invalid_grant",
            // GitHub's.
            "bad_refresh_token",
            // Microsoft's, for a refresh.
            "interaction_required",
            "consent_required",
            "login_required",
        ];
        CODES.into_iter().any(|code| self.has_code(code))
    }

    /// Whether the server returned an error with this code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::ErrorResponse(response) if response.code.as_deref() == Some(code))
    }

    /// How long to wait before the next request, if the server says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.request_failure()?.retry_after()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 112 113
    #[test]
    fn only_an_end_of_the_sign_in_requires_reauthentication() {
        for (status, body, requires_reauthentication, is_transient) in [
            (400, r#"{"error":"invalid_grant"}"#, true, false),
            (400, r#"{"error":"interaction_required","suberror":"basic_action"}"#, true, false),
            (400, r#"{"error":"invalid_request"}"#, false, false),
            (401, r#"{"error":"invalid_client"}"#, false, false),
            (403, "<html>", false, false),
            (429, "{}", false, true),
            (503, "<html>", false, true),
        ] {
            let error = Error::ErrorResponse(ErrorResponse::from_body(status, body.as_bytes()));
            assert_eq!(error.requires_reauthentication(), requires_reauthentication, "{body}");
            assert_eq!(error.is_transient(), is_transient, "{status} {body}");
        }
    }

    #[test]
    fn wait_is_the_one_of_the_response() {
        let mut response = ErrorResponse::from_body(429, b"{}");
        assert_eq!(Error::ErrorResponse(response.clone()).retry_after(), None);
        response.retry_after = Some(Duration::from_secs(7));
        assert_eq!(Error::ErrorResponse(response).retry_after(), Some(Duration::from_secs(7)));
    }

    // threats 77
    #[test]
    fn request_may_have_taken_effect_unless_it_was_refused_or_not_sent() {
        let response = |status| Error::ErrorResponse(ErrorResponse::from_body(status, b"{}"));
        let invalid = DecodeError::Shape { field: "access_token".into() };
        for (error, may_have_taken_effect) in [
            (response(400), false),
            (response(429), false),
            (response(500), true),
            (Error::InvalidResponse(invalid), true),
            (Error::PushNotSupported, false),
        ] {
            assert_eq!(error.may_have_taken_effect(), may_have_taken_effect, "{error:?}");
        }
    }
}
