//! The doors for the fuzz targets in `fuzz/`. Only a build of `cargo fuzz` has them: they are no part
//! of what this crate offers.

use credentials::{AccessToken, ApiKey};
use http_client::Response;

use crate::client::accepted;
use crate::{Error, Refreshed, Tokens, api_key, code, refresh};

/// What every answer says that it is.
pub const CONTENT_TYPE: &str = "application/json";
/// What every request turned in.
pub const SECRET: &str = "rt_c2VjcmV0LW9mLXRoZS1mdXp6LXRhcmdldHM";

/// Reads a body as [`TokenClient::exchange_code`](crate::TokenClient::exchange_code) does.
pub fn all_tokens(body: &[u8]) -> Result<Tokens, Error> {
    code::all_tokens(&success(body))
}

/// Reads a body as
/// [`TokenClient::redeem_code_for_access_token`](crate::TokenClient::redeem_code_for_access_token)
/// does.
pub fn access_token_alone(body: &[u8]) -> Result<AccessToken, Error> {
    code::access_token_alone(&success(body))
}

/// Reads a body as
/// [`TokenClient::exchange_for_api_key`](crate::TokenClient::exchange_for_api_key) does.
pub fn issued_key(body: &[u8]) -> Result<ApiKey, Error> {
    api_key::issued_key(&success(body))
}

/// Reads a body as [`TokenClient::refresh`](crate::TokenClient::refresh) does.
pub fn refreshed(body: &[u8]) -> Result<Refreshed, Error> {
    refresh::refreshed(&success(body))
}

/// What an answer is refused as, unless its status is one of success.
#[must_use]
pub fn error_response(status: u16, body: &[u8]) -> Option<Error> {
    accepted(Response::known(status, CONTENT_TYPE, body, SECRET)).err()
}

fn success(body: &[u8]) -> Response {
    Response::known(200, CONTENT_TYPE, body, SECRET)
}
