use std::time::Duration;

use credentials::{AuthorizationCode, DeviceCode};
use http_client::{ErrorResponse, Url};
use native_oauth::{CodeGrant, DeviceFlow};
use pkce::CodeVerifier;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use token_client::{
    BodyFormat, DeviceAuthorization, DevicePoll, Error, Interval, TokenClient, TokenRequest,
    UserCode,
};

/// Where a code is requested.
const USER_CODE_PATH: &str = "/api/accounts/deviceauth/usercode";
/// Where the decision is polled.
const POLL_PATH: &str = "/api/accounts/deviceauth/token";
/// The page on which the person types the code.
const VERIFICATION_PATH: &str = "/codex/device";
/// The `redirect_uri` that the exchange of the code names.
const REDIRECT_PATH: &str = "/deviceauth/callback";
/// The lifetime of a code. The response does not have it.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// OpenAI creates the code and its verifier.
#[derive(Deserialize)]
struct Approval {
    authorization_code: AuthorizationCode,
    #[serde(deserialize_with = "code_verifier")]
    code_verifier: CodeVerifier,
}

#[derive(Deserialize)]
struct UserCodeResponse {
    device_auth_id: DeviceCode,
    #[serde(alias = "usercode")]
    user_code: UserCode,
    #[serde(default)]
    interval: Interval,
}

/// OpenAI's device codes. They follow [RFC 8628](https://www.rfc-editor.org/rfc/rfc8628), except that
/// the endpoints and names are OpenAI's, the bodies are JSON, 403 and 404 mean that the person has not
/// decided, and an approval returns a code instead of tokens.
#[derive(Clone, Copy, Debug)]
pub struct DeviceCodeFlow<'a>(pub &'a TokenClient);

impl DeviceFlow for DeviceCodeFlow<'_> {
    type Grant = CodeGrant;

    /// A server or an account without device codes is [`Error::DeviceCodeNotEnabled`].
    async fn request(&self) -> Result<DeviceAuthorization, Error> {
        let Self(client) = self;
        let fields = [("client_id", client.client_id())];
        let response = send(client, USER_CODE_PATH, &fields, &[]).await;
        let response = response.map_err(|error| match error {
            Error::ErrorResponse(response) if response.status == 404 => Error::DeviceCodeNotEnabled,
            error => error,
        })?;
        let UserCodeResponse { device_auth_id, user_code, interval } = response.decode()?;
        let page = client.issuer().join(VERIFICATION_PATH);
        let mut device = DeviceAuthorization::new(device_auth_id, user_code, page, LIFETIME);
        device.interval = interval;
        Ok(device)
    }

    async fn poll(&self, device: &DeviceAuthorization) -> Result<DevicePoll<CodeGrant>, Error> {
        let fields = [
            ("device_auth_id", device.device_code.expose()),
            ("user_code", device.user_code.as_str()),
        ];
        let secrets = fields.map(|(_, value)| value);
        match send(self.0, POLL_PATH, &fields, &secrets).await {
            Ok(response) => {
                let Approval { authorization_code, code_verifier } = response.decode()?;
                let redirect_uri = self.0.issuer().join(REDIRECT_PATH);
                let grant = CodeGrant::new(authorization_code, code_verifier, redirect_uri);
                Ok(DevicePoll::Approved(grant))
            }
            Err(Error::ErrorResponse(response)) => poll_outcome_of_error(response),
            Err(error) => Err(error),
        }
    }
}

async fn send(
    client: &TokenClient,
    path: &str,
    fields: &[(&str, &str)],
    secrets: &[&str],
) -> Result<http_client::Response, Error> {
    let endpoint: &Url = &client.issuer().join(path);
    let mut request = TokenRequest::new(endpoint, BodyFormat::Json, fields);
    request.secrets = secrets;
    client.send(&request).await
}

/// A 403 or a 404 has no reliable error code: it is pending unless the body says that the person denied or
/// the code expired.
fn poll_outcome_of_error(response: ErrorResponse) -> Result<DevicePoll<CodeGrant>, Error> {
    match response.status {
        500.. => Err(Error::ErrorResponse(response)),
        _ if response.says("slow_down") => Ok(DevicePoll::SlowDown),
        429 => Err(Error::ErrorResponse(response)),
        _ if response.says("denied") || response.says("declined") => Ok(DevicePoll::Denied),
        _ if response.says("expired") => Ok(DevicePoll::Expired),
        403 | 404 => Ok(DevicePoll::Pending),
        _ if response.says("authorization_pending") => Ok(DevicePoll::Pending),
        _ => Err(Error::ErrorResponse(response)),
    }
}

fn code_verifier<'de, D: Deserializer<'de>>(input: D) -> Result<CodeVerifier, D::Error> {
    CodeVerifier::new(String::deserialize(input)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<UserCodeResponse, serde_json::Error> {
        serde_json::from_str(body)
    }

    #[test]
    fn user_code_field_has_two_spellings() {
        for name in ["user_code", "usercode"] {
            let body = format!(r#"{{"device_auth_id":"d","{name}":"ABCD-1234"}}"#);
            let response = read(&body).unwrap();
            assert_eq!(response.user_code.as_str(), "ABCD-1234");
            assert_eq!(response.interval, Interval::default());
        }
        for odd in ["", "a\\u001b[2J", "\\u202e", &"a".repeat(65)] {
            let body = format!(r#"{{"device_auth_id":"d","user_code":"{odd}"}}"#);
            assert!(read(&body).is_err(), "{odd}");
        }
    }

    #[track_caller]
    fn assert_poll(status: u16, body: &str, expected: &str) {
        let outcome = match poll_outcome_of_error(ErrorResponse::from_body(status, body.as_bytes()))
        {
            Ok(poll) => format!("{poll:?}"),
            Err(error) => format!("error, transient: {}", error.is_transient()),
        };
        assert_eq!(outcome, expected, "{status} {body}");
    }

    #[test]
    fn forbidden_and_not_found_are_pending_without_an_error_code() {
        for status in [403, 404] {
            assert_poll(status, "", "Pending");
            assert_poll(status, "<html>denied</html>", "Pending");
            assert_poll(status, r#"{"error":{"code":"deviceauth_unknown"}}"#, "Pending");
            assert_poll(status, r#"{"error":"access_denied"}"#, "Denied");
            assert_poll(status, r#"{"error":{"message":"The request was Denied"}}"#, "Denied");
            assert_poll(status, r#"{"error":"authorization_declined"}"#, "Denied");
            assert_poll(status, r#"{"error":"expired_token"}"#, "Expired");
            assert_poll(status, r#"{"error":{"code":"deviceauth_expired"}}"#, "Expired");
        }
    }

    #[test]
    fn errors_of_rfc_8628_are_understood() {
        assert_poll(400, r#"{"error":"authorization_pending"}"#, "Pending");
        assert_poll(400, r#"{"error":"slow_down"}"#, "SlowDown");
        assert_poll(429, r#"{"error":"slow_down"}"#, "SlowDown");
        assert_poll(400, r#"{"error":"access_denied"}"#, "Denied");
        assert_poll(400, r#"{"error":"expired_token"}"#, "Expired");
    }

    #[test]
    fn transient_error_is_not_a_decision() {
        assert_poll(429, "{}", "error, transient: true");
        assert_poll(429, r#"{"error":"denied: too many requests"}"#, "error, transient: true");
        let failed = r#"{"error":"upstream denied, session expired"}"#;
        assert_poll(500, failed, "error, transient: true");
        assert_poll(503, "<html>", "error, transient: true");
        assert_poll(400, r#"{"error":"invalid_client"}"#, "error, transient: false");
        assert_poll(401, "", "error, transient: false");
    }

    // threats 6
    #[test]
    fn approval_has_a_code_and_a_verifier_and_debug_hides_both() {
        let approval = |code: &str, verifier: &str| {
            serde_json::from_str::<Approval>(&format!(
                r#"{{"authorization_code":"{code}","code_challenge":"x","code_verifier":"{verifier}"}}"#
            ))
        };
        let canary = "canary".repeat(8);
        let Approval { authorization_code, code_verifier } = approval(&canary, &canary).unwrap();
        let grant = CodeGrant::new(authorization_code, code_verifier, "https://a.test/callback");
        assert!(!format!("{grant:?}").contains("canary"));
        assert!(approval("", &canary).is_err());
        assert!(approval("c", "too short").is_err());
    }
}
