use std::fmt;

use http_client::{DecodeError, ErrorResponse, RequestFailure, Response};
use serde::de::DeserializeOwned;

/// A failed request to the platform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no complete response.
    #[error("cannot {call}")]
    Http {
        /// The call.
        call: Call,
        /// Why there is no response.
        source: http_client::Error,
    },
    /// The platform returned an error.
    #[error("cannot {call}: the platform refused: {response}")]
    ErrorResponse {
        /// The call.
        call: Call,
        /// The error response.
        response: ErrorResponse,
    },
    /// The platform returned success with an invalid response.
    #[error("cannot {call}")]
    InvalidResponse {
        /// The call.
        call: Call,
        /// What is wrong with the response.
        source: DecodeError,
    },
}

/// One of the requests of this crate, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// [`PlatformApi::log_in`](crate::PlatformApi::log_in).
    LogIn,
    /// [`Session::organizations`](crate::Session::organizations).
    Organizations,
    /// [`Session::projects`](crate::Session::projects).
    Projects,
    /// [`Session::create_api_key`](crate::Session::create_api_key).
    CreateApiKey,
}

impl Error {
    /// Why the request failed.
    #[must_use]
    pub fn request_failure(&self) -> RequestFailure<'_> {
        match self {
            Self::Http { source, .. } => RequestFailure::NoResponse(source),
            Self::ErrorResponse { response, .. } => RequestFailure::ErrorResponse(response),
            Self::InvalidResponse { source, .. } => RequestFailure::InvalidResponse(source),
        }
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> Call {
        match self {
            Self::Http { call, .. }
            | Self::ErrorResponse { call, .. }
            | Self::InvalidResponse { call, .. } => *call,
        }
    }

    /// Whether a retry may succeed later: there was no response, or the platform was busy (429) or
    /// failed (5xx).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.request_failure().is_transient()
    }

    /// Whether access is denied (403) or the object does not exist (404). An error page of a
    /// firewall does not count.
    #[must_use]
    pub fn is_inaccessible(&self) -> bool {
        self.has_status([403, 404])
    }

    /// Whether the platform rejects the token for a login (401, 403). An error page of a firewall
    /// does not count.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.has_status([401, 403])
    }

    fn has_status(&self, any: [u16; 2]) -> bool {
        let response = self.request_failure().error_response();
        response.is_some_and(|it| it.is_json && any.contains(&it.status))
    }

    /// Whether a key may exist although none was received: the request may have arrived, and there
    /// is no error response.
    #[must_use]
    pub fn may_have_created_key(&self) -> bool {
        self.call() == Call::CreateApiKey && self.request_failure().may_have_taken_effect()
    }
}

/// The action of a call: it completes "cannot …".
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LogIn => "log in to the platform",
            Self::Organizations => "list the organizations",
            Self::Projects => "list the projects",
            Self::CreateApiKey => "create the API key",
        })
    }
}

/// Every response is checked here.
pub(crate) fn decoded<T: DeserializeOwned>(
    call: Call,
    response: Result<Response, http_client::Error>,
) -> Result<T, Error> {
    let response = response.map_err(|source| Error::Http { call, source })?;
    if !response.is_success() {
        let response = ErrorResponse::from_response(&response);
        return Err(Error::ErrorResponse { call, response });
    }
    response.decode().map_err(|source| Error::InvalidResponse { call, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use http_client::{Phase, RootCause};

    fn refused(call: Call, status: u16) -> Error {
        Error::ErrorResponse { call, response: ErrorResponse::from_body(status, b"{}") }
    }

    fn http(call: Call, source: http_client::Error) -> Error {
        Error::Http { call, source }
    }

    fn host() -> String {
        "a.test".into()
    }

    #[track_caller]
    fn assert_error(error: &Error, transient: bool, may_have_created_key: bool) {
        assert_eq!(error.is_transient(), transient, "{error:?}");
        assert_eq!(error.may_have_created_key(), may_have_created_key, "{error:?}");
    }

    // threats 126 128 129 130 131 132
    #[test]
    fn status_decides_retry_and_whether_a_key_may_exist() {
        for status in [400, 401, 403, 404, 409] {
            assert_error(&refused(Call::CreateApiKey, status), false, false);
        }
        assert_error(&refused(Call::CreateApiKey, 429), true, false);
        for status in [500, 502, 503, 504] {
            assert_error(&refused(Call::CreateApiKey, status), true, true);
            assert_error(&refused(Call::Projects, status), true, false);
        }
    }

    // threats 132
    #[test]
    fn key_may_exist_after_a_lost_response() {
        let (after, source) = (Duration::from_secs(30), RootCause::new("reset"));
        let lost = http_client::Error::Timeout { host: host(), phase: Phase::Response, after };
        assert_error(&http(Call::CreateApiKey, lost), true, true);
        let reset = http_client::Error::CutOff { host: host(), source };
        assert_error(&http(Call::CreateApiKey, reset), true, true);
        let huge = http_client::Error::TooLarge { host: host(), limit: 1 };
        assert_error(&http(Call::CreateApiKey, huge), false, true);
        let refused =
            http_client::Error::Connect { host: host(), source: RootCause::new("refused") };
        assert_error(&http(Call::CreateApiKey, refused), true, false);
        let source = DecodeError::Shape { field: "key.sensitive_id".into() };
        let odd = Error::InvalidResponse { call: Call::CreateApiKey, source };
        assert_error(&odd, false, true);
    }

    // threats 127 128
    #[test]
    fn only_403_and_404_are_inaccessible() {
        for (status, inaccessible) in
            [(403, true), (404, true), (401, false), (429, false), (500, false)]
        {
            assert_eq!(refused(Call::Projects, status).is_inaccessible(), inaccessible, "{status}");
        }
    }

    // threats 126
    #[test]
    fn html_401_or_403_is_not_unauthorized() {
        for (status, is_meant) in
            [(401, true), (403, true), (404, false), (429, false), (500, false)]
        {
            assert_eq!(refused(Call::LogIn, status).is_unauthorized(), is_meant, "{status}");
            let response = ErrorResponse::from_body(status, b"<h1>Blocked</h1>");
            let page = Error::ErrorResponse { call: Call::LogIn, response };
            assert!(!page.is_unauthorized(), "{status}");
        }
    }

    // threats 126
    #[test]
    fn error_names_the_failed_call() {
        for (call, words) in [
            (Call::LogIn, "cannot log in to the platform: the platform refused: HTTP 401"),
            (Call::Organizations, "cannot list the organizations: the platform refused: HTTP 401"),
            (Call::Projects, "cannot list the projects: the platform refused: HTTP 401"),
            (Call::CreateApiKey, "cannot create the API key: the platform refused: HTTP 401"),
        ] {
            assert_eq!(refused(call, 401).to_string(), words);
            assert_eq!(refused(call, 401).call(), call);
        }
    }
}
