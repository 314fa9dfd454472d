use std::time::Duration;
use std::{fmt, iter};

use credentials::DeviceCode;
use http_client::{ErrorResponse, Url, is_secure};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::client::{TokenClient, decode};
use crate::error::Error;
use crate::interval::Interval;
use crate::seconds;
use crate::token_response::TokenResponse;

/// A sign-in that waits for the approval of a person on another device
/// ([RFC 8628 §3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)).
#[derive(Deserialize)]
#[non_exhaustive]
pub struct DeviceAuthorization {
    /// What is exchanged for tokens once the person has approved.
    pub device_code: DeviceCode,
    /// What the person types at [`verification_uri`](DeviceAuthorization::verification_uri).
    pub user_code: UserCode,
    /// The page that the person opens on the other device.
    #[serde(alias = "verification_url", deserialize_with = "web_page")]
    pub verification_uri: Url,
    /// The same page with the user code in its URL, for a QR code.
    #[serde(default, deserialize_with = "optional_web_page")]
    pub verification_uri_complete: Option<Url>,
    /// How long the codes are good, from the response on.
    #[serde(deserialize_with = "lifetime")]
    pub expires_in: Duration,
    /// How long to wait before the first poll, and between two of them.
    #[serde(default)]
    pub interval: Interval,
}

/// What the person types: a short text of visible characters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct UserCode(String);

/// Whether the person has approved a [`DeviceAuthorization`], and the `T` that their approval returned.
#[derive(Debug)]
pub enum DevicePoll<T> {
    /// The person has not decided yet (`authorization_pending`).
    Pending,
    /// The same, and the interval has to [grow](Interval::slow_down).
    SlowDown,
    /// The person approved.
    Approved(T),
    /// The person denied the request (`access_denied`).
    Denied,
    /// The code is too old to be used (`expired_token`).
    Expired,
}

/// [RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4).
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl TokenClient {
    /// Requests a code for another device
    /// ([RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1)). `parameters` are
    /// extensions, such as `resource`.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceCodeNotEnabled`] when the server has no endpoint for it.
    pub async fn request_device_authorization(
        &self,
        scope: Option<&str>,
        parameters: &[(String, String)],
    ) -> Result<DeviceAuthorization, Error> {
        let endpoint = &self.provider().device_authorization_endpoint;
        let endpoint = endpoint.as_ref().ok_or(Error::DeviceCodeNotEnabled)?;
        let scope = scope.map(|scope| ("scope", scope));
        let parameters = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let client_id = ("client_id", self.client_id());
        let fields: Vec<_> = iter::once(client_id).chain(scope).chain(parameters).collect();
        decode(&self.send_form(endpoint, &fields, &[]).await?)
    }

    /// Asks once whether the person has approved
    /// ([RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)). `parameters` are
    /// extensions, such as `resource` ([RFC 8707
    /// §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)).
    ///
    /// # Errors
    ///
    /// [`Error`]; after one that [is transient](Error::is_transient) the wait goes on.
    pub async fn poll_device_authorization(
        &self,
        device: &DeviceAuthorization,
        parameters: &[(String, String)],
    ) -> Result<DevicePoll<TokenResponse>, Error> {
        let device_code = device.device_code.expose();
        let own =
            [("grant_type", GRANT), ("device_code", device_code), ("client_id", self.client_id())];
        let parameters = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = own.into_iter().chain(parameters).collect();
        let endpoint = &self.provider().token_endpoint;
        let response = self.send_form(endpoint, &fields, &[device_code]).await;
        match response.and_then(|response| TokenResponse::read(&response, self.token_type())) {
            Ok(tokens) => Ok(DevicePoll::Approved(tokens)),
            Err(Error::ErrorResponse(response)) => poll_outcome_of_error(response),
            Err(error) => Err(error),
        }
    }
}

/// The error codes of [RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5).
fn poll_outcome_of_error<T>(response: ErrorResponse) -> Result<DevicePoll<T>, Error> {
    match response.code.as_deref() {
        _ if response.status >= 500 => Err(Error::ErrorResponse(response)),
        Some("authorization_pending") => Ok(DevicePoll::Pending),
        Some("slow_down") => Ok(DevicePoll::SlowDown),
        // The second one is Microsoft's.
        Some("access_denied" | "authorization_declined") => Ok(DevicePoll::Denied),
        Some("expired_token") => Ok(DevicePoll::Expired),
        _ => Err(Error::ErrorResponse(response)),
    }
}

impl DeviceAuthorization {
    /// An authorization with the default interval and no complete URI.
    #[must_use]
    pub fn new(
        device_code: DeviceCode,
        user_code: UserCode,
        verification_uri: Url,
        expires_in: Duration,
    ) -> Self {
        let (verification_uri_complete, interval) = (None, Interval::default());
        Self {
            device_code,
            user_code,
            verification_uri,
            verification_uri_complete,
            expires_in,
            interval,
        }
    }
}

/// Both codes are secrets until the person has approved.
impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verification_uri, expires_in, interval, .. } = self;
        f.debug_struct("DeviceAuthorization")
            .field("verification_uri", &verification_uri.as_str())
            .field("expires_in", expires_in)
            .field("interval", interval)
            .finish_non_exhaustive()
    }
}

impl UserCode {
    /// The code as the person types it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode([redacted])")
    }
}

impl TryFrom<String> for UserCode {
    type Error = InvalidUserCode;

    fn try_from(text: String) -> Result<Self, InvalidUserCode> {
        let is_visible = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        let is_valid = is_visible && (1..=64).contains(&text.len());
        if is_valid { Ok(Self(text)) } else { Err(InvalidUserCode) }
    }
}

/// The text is not a code that a person could type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code that a person could type")]
pub struct InvalidUserCode;

/// A person opens it in a browser and signs in there, so it must be authentic.
fn web_page<'de, D: Deserializer<'de>>(input: D) -> Result<Url, D::Error> {
    let url = Url::parse(&String::deserialize(input)?).map_err(D::Error::custom)?;
    if is_secure(&url) {
        Ok(url)
    } else {
        Err(D::Error::custom("not the URL of a secure web page"))
    }
}

/// It is a convenience: one that cannot be used is absent.
fn optional_web_page<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Url>, D::Error> {
    let json = Box::<RawValue>::deserialize(input)?;
    Ok(web_page(&mut serde_json::Deserializer::from_str(json.get())).ok())
}

fn lifetime<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    seconds::deserialize(input)?.ok_or_else(|| D::Error::custom("not a number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn response(patch: &Value) -> Value {
        let mut body = json!({
            "device_code": "a-device-code", "user_code": "WDJB-MJHT", "expires_in": 1800,
            "verification_uri": "https://id.example.com/device",
        });
        let fields = patch.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        body
    }

    fn read(patch: &Value) -> Result<DeviceAuthorization, serde_json::Error> {
        serde_json::from_value(response(patch))
    }

    #[test]
    fn reads_the_example_of_rfc_8628() {
        let complete = "https://id.example.com/device?user_code=WDJB-MJHT";
        let device = read(&json!({"verification_uri_complete": complete, "interval": 7})).unwrap();
        assert_eq!(device.device_code.expose(), "a-device-code");
        assert_eq!(device.user_code.as_str(), "WDJB-MJHT");
        assert_eq!(device.verification_uri.as_str(), "https://id.example.com/device");
        assert_eq!(device.verification_uri_complete.unwrap().as_str(), complete);
        assert_eq!(device.expires_in, Duration::from_secs(1800));
        assert_eq!(device.interval.as_duration(), Duration::from_secs(7));
    }

    #[test]
    fn interval_and_complete_uri_are_optional() {
        for odd in [json!({}), json!({"verification_uri_complete": 7, "interval": "soon"})] {
            let device = read(&odd).unwrap();
            assert_eq!(device.interval, Interval::default());
            assert_eq!(device.verification_uri_complete, None);
        }
    }

    #[test]
    fn missing_or_invalid_required_field_is_an_error() {
        for name in ["device_code", "user_code", "verification_uri", "expires_in"] {
            for odd in [Value::Null, json!(""), json!([]), json!(-1), json!("\u{1b}[2J")] {
                assert!(read(&json!({ name: odd })).is_err(), "{name} {odd}");
            }
        }
        for uri in
            ["javascript:alert(1)", "file:///etc/passwd", "/device", "http://id.example.com/device"]
        {
            assert!(read(&json!({ "verification_uri": uri })).is_err(), "{uri}");
            let device = read(&json!({ "verification_uri_complete": uri })).unwrap();
            assert_eq!(device.verification_uri_complete, None, "{uri}");
        }
        assert!(read(&json!({"verification_uri": "http://127.0.0.1:1/device"})).is_ok());
        assert!(read(&json!({"user_code": "a".repeat(65)})).is_err());
    }

    #[track_caller]
    fn assert_poll(status: u16, body: &str, expected: &str) {
        let outcome =
            match poll_outcome_of_error::<()>(ErrorResponse::from_body(status, body.as_bytes())) {
                Ok(poll) => format!("{poll:?}"),
                Err(error) => format!("error, transient: {}", error.is_transient()),
            };
        assert_eq!(outcome, expected, "{status} {body}");
    }

    #[test]
    fn understands_the_errors_of_rfc_8628() {
        assert_poll(400, r#"{"error":"authorization_pending"}"#, "Pending");
        assert_poll(400, r#"{"error":"slow_down"}"#, "SlowDown");
        assert_poll(429, r#"{"error":"slow_down"}"#, "SlowDown");
        assert_poll(400, r#"{"error":"access_denied"}"#, "Denied");
        assert_poll(400, r#"{"error":"expired_token"}"#, "Expired");
    }

    #[test]
    fn other_errors_are_not_a_decision() {
        assert_poll(400, r#"{"error":"invalid_grant"}"#, "error, transient: false");
        assert_poll(401, r#"{"error":"invalid_client"}"#, "error, transient: false");
        assert_poll(403, "<html>access_denied</html>", "error, transient: false");
        assert_poll(404, "", "error, transient: false");
        assert_poll(429, "{}", "error, transient: true");
        assert_poll(500, r#"{"error":"access_denied"}"#, "error, transient: true");
        assert_poll(503, "<html>", "error, transient: true");
    }

    // threats 6
    #[test]
    fn debug_shows_no_code() {
        let canaries = json!({
            "device_code": "canary", "user_code": "canary",
            "verification_uri_complete": "https://id.example.com/?user_code=canary",
        });
        let device = read(&canaries).unwrap();
        let shown = format!("{device:?} {:?}", device.user_code);
        assert!(shown.contains("id.example.com/device") && !shown.contains("canary"), "{shown}");
    }
}
