use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::client::{TokenClient, decode};
use crate::error::Error;
use crate::seconds;

/// An authorization request that the server has stored
/// ([RFC 9126 §2.2](https://www.rfc-editor.org/rfc/rfc9126#section-2.2)).
#[derive(Deserialize)]
#[non_exhaustive]
pub struct PushedRequest {
    /// What the authorization URL has instead of the parameters. It works once.
    #[serde(deserialize_with = "not_empty")]
    pub request_uri: String,
    /// How long it is good, from the response on.
    #[serde(default, deserialize_with = "seconds::deserialize")]
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
        let unguessable = parameters.iter().filter(|(name, _)| ["state", "nonce"].contains(name));
        let secrets: Vec<&str> = unguessable.map(|(_, value)| *value).collect();
        decode(&self.send_form(endpoint, parameters, &secrets).await?)
    }
}

/// Whoever has the reference can open the sign-in in another browser.
impl fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expires_in = &self.expires_in;
        f.debug_struct("PushedRequest").field("expires_in", expires_in).finish_non_exhaustive()
    }
}

fn not_empty<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = String::deserialize(input)?;
    if text.is_empty() { Err(D::Error::custom("empty")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_reference() {
        let pushed = r#"{"request_uri":"urn:canary","expires_in":60}"#;
        let shown = format!("{:?}", serde_json::from_str::<PushedRequest>(pushed).unwrap());
        assert!(shown.contains("60s") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn reference_is_required_and_its_lifetime_is_not() {
        let read = |json: &str| serde_json::from_str::<PushedRequest>(json).ok();
        let minute = read(r#"{"request_uri":"urn:x","expires_in":60}"#).unwrap();
        assert_eq!(minute.expires_in, Some(Duration::from_secs(60)));
        for unusable in [r#""soon""#, "-1", "null", "1e400", "[]"] {
            let json = format!(r#"{{"request_uri":"urn:x","expires_in":{unusable}}}"#);
            assert_eq!(read(&json).unwrap().expires_in, None, "{unusable}");
        }
        for json in ["{}", r#"{"request_uri":""}"#, r#"{"request_uri":7}"#] {
            assert!(read(json).is_none(), "{json}");
        }
    }
}
