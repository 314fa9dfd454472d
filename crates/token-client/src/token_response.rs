use std::time::Duration;

use credentials::{AccessToken, IdToken, RefreshToken};
use http_client::{DecodeError, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::seconds::seconds;

/// The tokens of a grant ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
///
/// An optional field that cannot be what its name says is `None`.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenResponse {
    /// What the APIs are called with.
    pub access_token: AccessToken,
    /// What the next access token is requested with.
    pub refresh_token: Option<RefreshToken>,
    /// Who signed in.
    pub id_token: Option<IdToken>,
    /// How long the access token is good, from the response on.
    pub expires_in: Option<Duration>,
    /// The scope of the access token, where it is not the requested one.
    pub scope: Option<String>,
}

/// The tokens of a refresh. A token that is `None` was not sent: the old one stays
/// ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
#[derive(Debug)]
#[non_exhaustive]
pub struct RefreshResponse {
    /// The new access token.
    pub access_token: Option<AccessToken>,
    /// The new refresh token. Where there is one, the old one is spent: store it before anything
    /// else.
    pub refresh_token: Option<RefreshToken>,
    /// The new ID token.
    pub id_token: Option<IdToken>,
    /// How long the access token is good, from the response on.
    pub expires_in: Option<Duration>,
    /// The scope of the access token, where it is not the old one.
    pub scope: Option<String>,
    /// The fields that cannot be what their names say. They are no error, so that a rotated refresh
    /// token is not lost over another field.
    pub unusable: Vec<&'static str>,
}

/// Each field is read by itself, so that none is lost over another.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    access_token: Value,
    #[serde(default)]
    refresh_token: Value,
    #[serde(default)]
    id_token: Value,
    #[serde(default)]
    token_type: Value,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(default)]
    scope: Value,
}

impl RefreshResponse {
    pub(crate) fn read(response: &Response) -> Result<Self, Error> {
        Ok(response.decode::<Fields>()?.into())
    }
}

impl TokenResponse {
    pub(crate) fn read(response: &Response) -> Result<Self, Error> {
        RefreshResponse::read(response)?.try_into()
    }
}

impl From<Fields> for RefreshResponse {
    fn from(fields: Fields) -> Self {
        let mut unusable = Vec::new();
        let id_token = read("id_token", fields.id_token, IdToken::new, &mut unusable);
        let access_token =
            read("access_token", fields.access_token, AccessToken::new, &mut unusable);
        let refresh_token =
            read("refresh_token", fields.refresh_token, RefreshToken::new, &mut unusable);
        read("token_type", fields.token_type, bearer, &mut unusable);
        let scope = read("scope", fields.scope, Ok::<_, ()>, &mut Vec::new());
        let access_token = access_token.filter(|_| !unusable.contains(&"token_type"));
        let expires_in = fields.expires_in;
        Self { access_token, refresh_token, id_token, expires_in, scope, unusable }
    }
}

/// Without an access token the response names the field that is missing or unusable.
impl TryFrom<RefreshResponse> for TokenResponse {
    type Error = Error;

    fn try_from(response: RefreshResponse) -> Result<Self, Error> {
        let RefreshResponse { refresh_token, id_token, expires_in, scope, unusable, .. } = response;
        let field = if unusable.contains(&"token_type") { "token_type" } else { "access_token" };
        let access_token =
            response.access_token.ok_or(DecodeError::Shape { field: field.into() })?;
        Ok(Self { access_token, refresh_token, id_token, expires_in, scope })
    }
}

/// Absent, null or empty is `None`: nothing new was issued. What is there and cannot be used is `None`
/// too, and its name is noted.
fn read<T, E>(
    name: &'static str,
    value: Value,
    new: impl FnOnce(String) -> Result<T, E>,
    unusable: &mut Vec<&'static str>,
) -> Option<T> {
    let read = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => new(text).ok(),
        _ => None,
    };
    if read.is_none() {
        unusable.push(name);
    }
    read
}

/// A token of a type that the client does not understand must not be used
/// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)). Some servers send no type: the
/// token is a bearer token then.
fn bearer(token_type: String) -> Result<(), String> {
    if token_type.eq_ignore_ascii_case("Bearer") { Ok(()) } else { Err(token_type) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refreshed(body: &Value) -> RefreshResponse {
        serde_json::from_value::<Fields>(body.clone()).unwrap().into()
    }

    /// Which of the tokens are in the response (`iar`), and which fields are unusable.
    #[track_caller]
    fn assert_refreshed(body: &Value, tokens: &str, unusable: &[&str]) {
        let response = refreshed(body);
        let present = [
            response.id_token.map(|_| 'i'),
            response.access_token.map(|_| 'a'),
            response.refresh_token.map(|_| 'r'),
        ];
        assert_eq!(present.into_iter().flatten().collect::<String>(), tokens, "{body}");
        assert_eq!(response.unusable, unusable, "{body}");
    }

    // threats 110 111
    #[test]
    fn each_token_of_a_refresh_is_optional() {
        let all = json!({"id_token": "i", "access_token": "a", "refresh_token": "r"});
        assert_refreshed(&all, "iar", &[]);
        assert_refreshed(&json!({"access_token": "a", "token_type": "bearer"}), "a", &[]);
        assert_refreshed(&json!({"access_token": "a", "refresh_token": null}), "a", &[]);
        assert_refreshed(&json!({}), "", &[]);
    }

    // threats 85 86 111
    #[test]
    fn rotated_token_survives_an_invalid_field() {
        assert_refreshed(&json!({"access_token": 7, "refresh_token": "r"}), "r", &["access_token"]);
        let empty = json!({"id_token": "", "access_token": "a", "refresh_token": ""});
        assert_refreshed(&empty, "a", &[]);
        assert_refreshed(&json!({"id_token": " ", "refresh_token": "r"}), "r", &["id_token"]);
        let mac = json!({"access_token": "a", "refresh_token": "r", "token_type": "mac"});
        assert_refreshed(&mac, "r", &["token_type"]);
        let odd = json!({"access_token": "a\n", "token_type": 7});
        assert_refreshed(&odd, "", &["access_token", "token_type"]);
    }

    /// The field that an error names, or the tokens (`iar`).
    #[track_caller]
    fn assert_granted(body: &Value, expected: &str) {
        let outcome = match TokenResponse::try_from(refreshed(body)) {
            Ok(response) => {
                let optional = [
                    response.id_token.map(|_| 'i'),
                    Some('a'),
                    response.refresh_token.map(|_| 'r'),
                ];
                optional.into_iter().flatten().collect()
            }
            Err(Error::InvalidResponse(DecodeError::Shape { field })) => field,
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(outcome, expected, "{body}");
    }

    // threats 73 85
    #[test]
    fn grant_requires_only_an_access_token() {
        assert_granted(&json!({"access_token": "a"}), "a");
        assert_granted(&json!({"access_token": "a".repeat(60_000), "id_token": 7}), "a");
        assert_granted(&json!({"id_token": "i", "refresh_token": "r"}), "access_token");
        for odd in [json!(""), json!(null), json!(7), json!([]), json!("a\r\nb"), json!("\u{e9}")] {
            let all = |token: &Value| json!({"id_token": "i", "access_token": token});
            assert_granted(&all(&odd), "access_token");
            assert_granted(&json!({"access_token": "a", "id_token": odd}), "a");
            assert_granted(&json!({"access_token": "a", "refresh_token": odd.as_u64()}), "a");
        }
        let twice = r#"{"access_token":"a","id_token":"i","id_token":"j"}"#;
        let error = serde_json::from_str::<Fields>(twice).err().unwrap().to_string();
        assert!(error.contains("id_token"), "{error}");
    }

    // threats 86
    #[test]
    fn token_of_an_unknown_type_is_refused() {
        for bearer in [json!(null), json!("bearer"), json!("BEARER"), json!("Bearer")] {
            assert_granted(&json!({"access_token": "a", "token_type": bearer}), "a");
        }
        for other in [json!("N_A"), json!("mac"), json!("DPoP"), json!(7)] {
            assert_granted(&json!({"access_token": "a", "token_type": other}), "token_type");
        }
    }

    // threats 87
    #[test]
    fn invalid_expires_in_or_scope_is_absent() {
        for odd in [json!(-1), json!(1e308), json!("soon"), json!(null), json!([])] {
            let response =
                refreshed(&json!({"access_token": "a", "expires_in": odd, "scope": odd}));
            assert_eq!(response.expires_in, None, "{odd}");
            assert_eq!(response.unusable, [""; 0]);
        }
        let response = refreshed(&json!({"expires_in": 3600, "scope": "openid email"}));
        assert_eq!(response.expires_in, Some(Duration::from_secs(3600)));
        assert_eq!(response.scope.as_deref(), Some("openid email"));
    }

    // threats 6 195
    #[test]
    fn debug_shows_no_token() {
        let body =
            json!({"id_token": "canary", "access_token": "canary", "refresh_token": "canary"});
        let (response, granted) = (refreshed(&body), TokenResponse::try_from(refreshed(&body)));
        assert!(!format!("{response:?} {granted:?}").contains("canary"));
    }
}
