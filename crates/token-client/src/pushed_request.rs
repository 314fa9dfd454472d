use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::client::{TokenClient, TokenRequest, decode};
use crate::error::Error;
use crate::provider::BodyFormat;
use crate::seconds::seconds;

/// An authorization request that the server has stored
/// ([RFC 9126 §2.2](https://www.rfc-editor.org/rfc/rfc9126#section-2.2)).
#[derive(Deserialize)]
#[non_exhaustive]
pub struct PushedRequest {
    /// What the authorization URL has instead of the parameters. It works once.
    pub request_uri: String,
    /// How long it is good, from the response on.
    #[serde(default, deserialize_with = "lifetime")]
    pub expires_in: Option<Duration>,
}

impl TokenClient {
    /// Stores the parameters of an authorization request at the server
    /// ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)), so that nobody who sees the URL can read or
    /// change them.
    ///
    /// # Errors
    ///
    /// [`Error::PushNotSupported`] if the server has no endpoint for it, or like [`send`](Self::send).
    pub async fn push_request(&self, parameters: &[(&str, &str)]) -> Result<PushedRequest, Error> {
        let endpoint = self.provider().pushed_authorization_request_endpoint.as_ref();
        let endpoint = endpoint.ok_or(Error::PushNotSupported)?;
        let format = BodyFormat::Form;
        let request = TokenRequest { endpoint, format, fields: parameters, secrets: &[] };
        decode(&self.send(&request).await?)
    }
}

/// Whoever has the reference can open the sign-in in another browser.
impl fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expires_in = &self.expires_in;
        f.debug_struct("PushedRequest").field("expires_in", expires_in).finish_non_exhaustive()
    }
}

fn lifetime<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    Ok(seconds(Box::<RawValue>::deserialize(input)?.get()))
}
