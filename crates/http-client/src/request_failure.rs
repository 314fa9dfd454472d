use std::time::Duration;

use crate::error::Error;
use crate::error_response::ErrorResponse;
use crate::response::DecodeError;

/// Why a request failed, at any server. The error of a client adds which request it was.
#[derive(Clone, Copy, Debug)]
pub enum RequestFailure<'a> {
    /// There is no complete response.
    NoResponse(&'a Error),
    /// The server returned an error.
    ErrorResponse(&'a ErrorResponse),
    /// The server returned success, with an invalid response.
    InvalidResponse(&'a DecodeError),
}

impl<'a> RequestFailure<'a> {
    /// The error that the server returned.
    #[must_use]
    pub fn error_response(self) -> Option<&'a ErrorResponse> {
        match self {
            Self::ErrorResponse(response) => Some(response),
            _ => None,
        }
    }

    /// Whether the same request may succeed later: there was no response, or the server was busy or
    /// failed. A single-use code or token may be spent all the same.
    #[must_use]
    pub fn is_transient(self) -> bool {
        match self {
            Self::NoResponse(error) => error.is_transient(),
            Self::ErrorResponse(response) => response.is_transient(),
            Self::InvalidResponse(_) => false,
        }
    }

    /// Whether the server may have acted on the request: a response was lost, is invalid, or is a
    /// server error ([RFC 9110 §9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)).
    #[must_use]
    pub fn may_have_taken_effect(self) -> bool {
        match self {
            Self::NoResponse(error) => !error.provably_not_sent(),
            Self::ErrorResponse(response) => response.status >= 500,
            Self::InvalidResponse(_) => true,
        }
    }

    /// The delay that the server requests with `Retry-After`.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        self.error_response()?.retry_after
    }
}
