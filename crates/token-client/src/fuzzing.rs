//! What the fuzz targets in `fuzz/` call. Only a build of `cargo fuzz` has it.

use http_client::Response;

use crate::client::accepted;
use crate::{Error, RefreshResponse, TokenResponse};

/// The content type of every response.
pub const CONTENT_TYPE: &str = "application/json";
/// The secret of every request.
pub const SECRET: &str = "rt_c2VjcmV0LW9mLXRoZS1mdXp6LXRhcmdldHM";

/// Reads a body as [`TokenClient::exchange_code`](crate::TokenClient::exchange_code) does.
pub fn token_response(body: &[u8]) -> Result<TokenResponse, Error> {
    TokenResponse::read(&success(body), "Bearer")
}

/// Reads a body as [`TokenClient::refresh`](crate::TokenClient::refresh) does.
pub fn refresh_response(body: &[u8]) -> Result<RefreshResponse, Error> {
    RefreshResponse::read(&success(body), "Bearer")
}

/// The error of a response, unless its status is one of success.
#[must_use]
pub fn error_response(status: u16, body: &[u8]) -> Option<Error> {
    accepted(Response::known(status, CONTENT_TYPE, body, SECRET)).err()
}

fn success(body: &[u8]) -> Response {
    Response::known(200, CONTENT_TYPE, body, SECRET)
}
