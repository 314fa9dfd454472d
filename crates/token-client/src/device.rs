use std::fmt;

use credentials::AuthorizationCode;
use http_client::Refusal;
use pkce::CodeVerifier;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::answer;
use crate::client::{TokenClient, accepted};
use crate::code::{CodeRedemption, Tokens};
use crate::error::Error;
use crate::interval::Interval;
use crate::provider::{BodyFormat, DeviceEndpoints};

/// A sign-in that waits for a person on another device.
#[derive(Deserialize)]
pub struct DeviceAuthorization {
    /// Whoever holds it gets the tokens once the person has agreed, so it is not shown.
    device_auth_id: String,
    /// What the person types at [`verification_uri`](DeviceEndpoints::verification_uri).
    #[serde(alias = "usercode", deserialize_with = "user_code")]
    pub user_code: String,
    /// How long to wait before the first poll, and between two of them.
    #[serde(default)]
    pub interval: Interval,
}

/// Where a [`DeviceAuthorization`] stands.
#[derive(Debug)]
pub enum DevicePoll {
    /// The person has not decided yet (`authorization_pending`).
    Pending,
    /// The same, and the interval has to [grow](Interval::slow_down).
    SlowDown,
    /// The person agreed.
    Approved(DeviceGrant),
    /// The person said no (`access_denied`).
    Denied,
    /// The code is too old to be used (`expired_token`).
    Expired,
}

/// A code and its verifier. The issuer makes both, since the other device has no channel back.
#[derive(Debug, Deserialize)]
pub struct DeviceGrant {
    #[serde(rename = "authorization_code", deserialize_with = "answer::code")]
    code: AuthorizationCode,
    #[serde(deserialize_with = "answer::code_verifier")]
    code_verifier: CodeVerifier,
}

impl TokenClient {
    /// Asks for a code for another device
    /// ([RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1)).
    ///
    /// # Errors
    ///
    /// [`Error::DeviceCodeNotEnabled`] when this server or account has no device codes.
    pub async fn begin_device_authorization(&self) -> Result<DeviceAuthorization, Error> {
        let url = &self.device_endpoints()?.user_code;
        let fields = [("client_id", self.client_id())];
        let answer = self.send(url, BodyFormat::Json, &fields, &[]).await?;
        if answer.status() == 404 {
            return Err(Error::DeviceCodeNotEnabled);
        }
        Ok(accepted(answer)?.decode()?)
    }

    /// Asks once whether the person has decided
    /// ([RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)).
    ///
    /// # Errors
    ///
    /// [`Error`]; after one that [is transient](Error::is_transient) the wait goes on.
    pub async fn poll_device(&self, device: &DeviceAuthorization) -> Result<DevicePoll, Error> {
        let url = &self.device_endpoints()?.poll;
        let fields = device.poll_fields();
        let secrets = fields.map(|(_, value)| value);
        let answer = self.send(url, BodyFormat::Json, &fields, &secrets).await?;
        match accepted(answer) {
            Ok(answer) => Ok(DevicePoll::Approved(answer.decode()?)),
            Err(Error::Refused(refusal)) => judge(refusal),
            Err(error) => Err(error),
        }
    }

    /// Where the device codes of this server are, and the page for them.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceCodeNotEnabled`] when it has none.
    pub fn device_endpoints(&self) -> Result<&DeviceEndpoints, Error> {
        self.provider().device.as_ref().ok_or(Error::DeviceCodeNotEnabled)
    }

    /// Redeems what the person's agreement brought, as
    /// [`redeem_code`](TokenClient::redeem_code) does.
    ///
    /// # Errors
    ///
    /// As [`TokenClient::redeem_code`].
    pub async fn redeem_device_grant(&self, grant: &DeviceGrant) -> Result<Tokens, Error> {
        let redirect_uri = &self.device_endpoints()?.redirect_uri;
        let redemption = CodeRedemption {
            code: &grant.code,
            redirect_uri: redirect_uri.as_str(),
            code_verifier: &grant.code_verifier,
        };
        self.redeem_code(&redemption).await
    }
}

impl DeviceAuthorization {
    fn poll_fields(&self) -> [(&'static str, &str); 2] {
        [("device_auth_id", &self.device_auth_id), ("user_code", &self.user_code)]
    }
}

impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorization")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// RFC 8628 §3.5 has a name for each outcome, sent with status 400. This issuer says "pending" by
/// 403 or 404 with no word that could be relied on, so there everything is pending that is not said
/// to be denied or expired.
fn judge(refusal: Refusal) -> Result<DevicePoll, Error> {
    match refusal.status {
        500.. => Err(Error::Refused(refusal)),
        _ if refusal.says("slow_down") => Ok(DevicePoll::SlowDown),
        429 => Err(Error::Refused(refusal)),
        _ if refusal.says("denied") || refusal.says("declined") => Ok(DevicePoll::Denied),
        _ if refusal.says("expired") => Ok(DevicePoll::Expired),
        403 | 404 => Ok(DevicePoll::Pending),
        _ if refusal.says("authorization_pending") => Ok(DevicePoll::Pending),
        _ => Err(Error::Refused(refusal)),
    }
}

/// The person has to read it and type it: a short text of visible characters.
fn user_code<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = String::deserialize(input)?;
    let readable = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if readable && (1..=64).contains(&text.len()) {
        Ok(text)
    } else {
        Err(D::Error::custom("not a code that a person could type"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorization(body: &str) -> Result<DeviceAuthorization, serde_json::Error> {
        serde_json::from_str(body)
    }

    #[test]
    fn a_user_code_has_two_spellings_and_can_be_typed() {
        for name in ["user_code", "usercode"] {
            let body = format!(r#"{{"device_auth_id":"d","{name}":"ABCD-1234"}}"#);
            let read = authorization(&body).unwrap();
            assert_eq!(read.user_code, "ABCD-1234");
            assert_eq!(read.interval, Interval::default());
        }
        for odd in ["", "a\\u001b[2J", "\\u202e", &"a".repeat(65)] {
            let body = format!(r#"{{"device_auth_id":"d","user_code":"{odd}"}}"#);
            assert!(authorization(&body).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_poll_sends_what_the_issuer_gave() {
        let device = authorization(r#"{"device_auth_id":"d","usercode":"A-1","interval":"3"}"#);
        let expected = [("device_auth_id", "d"), ("user_code", "A-1")];
        assert_eq!(device.unwrap().poll_fields(), expected);
    }

    #[track_caller]
    fn is_judged(status: u16, body: &str, expected: &str) {
        let judged = match judge(Refusal::from_body(status, body.as_bytes())) {
            Ok(poll) => format!("{poll:?}"),
            Err(error) => format!("error, transient: {}", error.is_transient()),
        };
        assert_eq!(judged, expected, "{status} {body}");
    }

    #[test]
    fn forbidden_and_not_found_are_pending_unless_the_body_says_otherwise() {
        for status in [403, 404] {
            is_judged(status, "", "Pending");
            is_judged(status, "<html>denied</html>", "Pending");
            is_judged(status, r#"{"error":{"code":"deviceauth_unknown"}}"#, "Pending");
            is_judged(status, r#"{"error":"access_denied"}"#, "Denied");
            is_judged(status, r#"{"error":{"message":"The request was Denied"}}"#, "Denied");
            is_judged(status, r#"{"error":"authorization_declined"}"#, "Denied");
            is_judged(status, r#"{"error":"expired_token"}"#, "Expired");
            is_judged(status, r#"{"error":{"code":"deviceauth_expired"}}"#, "Expired");
        }
    }

    #[test]
    fn the_errors_of_rfc_8628_are_understood() {
        is_judged(400, r#"{"error":"authorization_pending"}"#, "Pending");
        is_judged(400, r#"{"error":"slow_down"}"#, "SlowDown");
        is_judged(429, r#"{"error":"slow_down"}"#, "SlowDown");
        is_judged(400, r#"{"error":"access_denied"}"#, "Denied");
        is_judged(400, r#"{"error":"expired_token"}"#, "Expired");
    }

    #[test]
    fn a_busy_or_broken_server_decides_nothing() {
        is_judged(429, "{}", "error, transient: true");
        is_judged(500, r#"{"error":"upstream denied, session expired"}"#, "error, transient: true");
        is_judged(503, "<html>", "error, transient: true");
        is_judged(400, r#"{"error":"invalid_client"}"#, "error, transient: false");
        is_judged(401, "", "error, transient: false");
    }

    #[test]
    fn a_grant_has_a_code_and_a_verifier_and_shows_neither() {
        let grant = |code: &str, verifier: &str| {
            serde_json::from_str::<DeviceGrant>(&format!(
                r#"{{"authorization_code":"{code}","code_challenge":"x","code_verifier":"{verifier}"}}"#
            ))
        };
        let canary = "canary".repeat(8);
        let good = grant(&canary, &canary).unwrap();
        assert!(!format!("{good:?}").contains("canary"));
        assert!(grant("", &canary).is_err());
        assert!(grant("c", "too short").is_err());
        let device = authorization(r#"{"device_auth_id":"canary","user_code":"canary"}"#).unwrap();
        assert!(!format!("{device:?}").contains("canary"));
    }
}
