use std::time::Duration;

use http_client::{DecodeError, ErrorResponse};

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no whole answer. Whether the request arrived is told by
    /// [`provably_not_sent`](http_client::Error::provably_not_sent).
    #[error(transparent)]
    Http(#[from] http_client::Error),
    /// The issuer said no.
    #[error("the issuer refused: {0}")]
    ErrorResponse(ErrorResponse),
    /// The issuer said yes, in words that are no token answer. What was turned in is spent.
    #[error("the issuer's answer cannot be used")]
    InvalidResponse(#[from] DecodeError),
    /// The issuer has no device codes, or not for this account.
    #[error("sign-in by device code is not enabled")]
    DeviceCodeNotEnabled,
    /// The server has no revocation endpoint.
    #[error("the server has no way to revoke a token")]
    RevocationNotSupported,
}

/// What kind of [`Error`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no whole response.
    NoResponse,
    /// The server returned an error.
    ErrorResponse,
    /// The server returned success, with an invalid response.
    InvalidResponse,
    /// The server does not support this request, or not for this account.
    Unsupported,
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Http(_) => ErrorKind::NoResponse,
            Self::ErrorResponse(_) => ErrorKind::ErrorResponse,
            Self::InvalidResponse(_) => ErrorKind::InvalidResponse,
            Self::DeviceCodeNotEnabled | Self::RevocationNotSupported => ErrorKind::Unsupported,
        }
    }

    /// Why there is no response.
    #[must_use]
    pub fn http_error(&self) -> Option<&http_client::Error> {
        match self {
            Self::Http(error) => Some(error),
            _ => None,
        }
    }

    /// The error that the server returned.
    #[must_use]
    pub fn error_response(&self) -> Option<&ErrorResponse> {
        match self {
            Self::ErrorResponse(response) => Some(response),
            _ => None,
        }
    }

    /// Whether the server may have acted on the request: a response was lost, is invalid, or is a
    /// server error.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Http(error) => !error.provably_not_sent(),
            Self::ErrorResponse(response) => response.status >= 500,
            Self::InvalidResponse(_) => true,
            Self::DeviceCodeNotEnabled | Self::RevocationNotSupported => false,
        }
    }

    /// Whether asking the same again may well succeed in a while: nobody answered, or the server
    /// was busy or broken. It does not say that what was sent is still unspent.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Http(error) => error.is_transient(),
            Self::ErrorResponse(response) => response.is_transient(),
            Self::InvalidResponse(_)
            | Self::DeviceCodeNotEnabled
            | Self::RevocationNotSupported => false,
        }
    }

    /// Whether a [refresh](crate::TokenClient::refresh) that failed like this will fail for ever, so
    /// that the person has to sign in again, unless another process has refreshed meanwhile.
    #[must_use]
    pub fn requires_reauthentication(&self) -> bool {
        matches!(self, Self::ErrorResponse(response) if is_final(response))
    }

    /// Whether the refresh token was good, and somebody else has spent it: whoever that was has its
    /// successor.
    #[must_use]
    pub fn is_refresh_token_reused(&self) -> bool {
        let code =
            |response: &ErrorResponse| response.code.as_deref() == Some("refresh_token_reused");
        matches!(self, Self::ErrorResponse(response) if code(response))
    }

    /// How long the server asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::ErrorResponse(response) => response.retry_after,
            _ => None,
        }
    }
}

/// The errors after which a refresh token is of no use any more, whatever the status.
const FINAL: [&str; 7] = [
    "refresh_token_expired",
    "refresh_token_reused",
    "refresh_token_invalidated",
    "invalid_refresh_token",
    "app_session_expired",
    "app_session_terminated",
    "invalid_grant",
];

/// A 401 counts only in the issuer's own words: a gateway on the way has pages of its own.
fn is_final(response: &ErrorResponse) -> bool {
    let code = response.code.as_deref();
    let is_unauthorized = response.status == 401 && response.is_oauth;
    is_unauthorized || code.is_some_and(|code| FINAL.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_judged(status: u16, body: &str, requires_reauthentication: bool, transient: bool) {
        let error = Error::ErrorResponse(ErrorResponse::from_body(status, body.as_bytes()));
        assert_eq!(error.requires_reauthentication(), requires_reauthentication, "{status} {body}");
        assert_eq!(error.is_transient(), transient, "{status} {body}");
    }

    // threats 112 113
    #[test]
    fn only_what_the_contract_lists_ends_a_sign_in() {
        for code in FINAL {
            for status in [400, 401, 403] {
                is_judged(status, &format!(r#"{{"error":"{code}"}}"#), true, false);
                is_judged(status, &format!(r#"{{"error":{{"code":"{code}"}}}}"#), true, false);
            }
        }
        is_judged(401, r#"{"error":"server_error"}"#, true, false);
        is_judged(
            401,
            r#"{"error":{"message":"M","type":"t","param":null,"code":null}}"#,
            true,
            false,
        );
        is_judged(400, r#"{"error":"invalid_request"}"#, false, false);
        is_judged(403, "<html>", false, false);
        is_judged(429, "{}", false, true);
        is_judged(500, "{}", false, true);
        is_judged(503, "<html>", false, true);
    }

    // threats 112 113
    #[test]
    fn a_401_of_a_gateway_ends_nothing() {
        for body in [
            "",
            "<html><h1>401 Authorization Required</h1></html>",
            "{}",
            "[]",
            r#"{"message":"Unauthorized"}"#,
            r#"{"detail":"Unauthorized"}"#,
            r#"{"status":401,"error":"Unauthorized","path":"/oauth/token"}"#,
            r#"{"error":{"code":401,"message":"Unauthorized","status":"UNAUTHENTICATED"}}"#,
        ] {
            is_judged(401, body, false, false);
        }
    }
}
