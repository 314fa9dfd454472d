use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use credentials::{AccessToken, Claims, IdToken, RefreshToken};
use http_client::{DecodeError, ErrorResponse, Response};
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

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
    /// What the ID token says, once it was validated: `native_oauth::SignIn` does that, and
    /// [`exchange_code`](crate::TokenClient::exchange_code) does not.
    pub claims: Option<Claims>,
    /// How long the access token is good, from the response on.
    pub expires_in: Option<Duration>,
    /// The scope of the access token, where it is not the requested one.
    pub scope: Option<String>,
    /// The other fields.
    pub additional: AdditionalFields,
}

/// The fields of a response that are not in a standard, such as `refresh_token_expires_in`. They can be
/// secrets: `Debug` shows their names only, and they are wiped on drop.
#[derive(Default)]
pub struct AdditionalFields(BTreeMap<String, Zeroizing<String>>);

impl AdditionalFields {
    /// The value of a field, if it is a `T`. Of two fields with this name it is the last.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?).ok()
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for AdditionalFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
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
    /// The other fields.
    pub additional: AdditionalFields,
}

/// The members of the response, each as its source text: one that cannot be read, such as a number
/// beyond a double, takes no token with it.
struct Members<'a>(BTreeMap<String, &'a str>);

/// The members that are read. Of two with one of these names, neither wins.
const READ: [&str; 6] =
    ["access_token", "refresh_token", "id_token", "token_type", "expires_in", "scope"];

const TOKENS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

impl RefreshResponse {
    /// Some servers, such as GitHub's, return errors with the status 200.
    pub(crate) fn read(response: &Response, token_type: &str) -> Result<Self, Error> {
        let members = response.decode::<Members<'_>>()?;
        let has_token =
            TOKENS.iter().any(|name| members.0.get(*name).is_some_and(|it| !is_empty(it)));
        if members.0.contains_key("error") && !has_token {
            return Err(Error::ErrorResponse(ErrorResponse::from_response(response)));
        }
        Ok(members.into_response(token_type))
    }
}

impl TokenResponse {
    pub(crate) fn read(response: &Response, token_type: &str) -> Result<Self, Error> {
        RefreshResponse::read(response, token_type)?.try_into()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let read = READ.into_iter().find(|it| *it == name);
            let is_repeated = members.insert(name, value.get()).is_some();
            if let Some(name) = read.filter(|_| is_repeated) {
                return Err(A::Error::duplicate_field(name));
            }
        }
        Ok(Members(members))
    }
}

impl Members<'_> {
    fn into_response(self, token_type: &str) -> RefreshResponse {
        let Self(members) = self;
        let member = |name| members.get(name).copied();
        let mut unusable = Vec::new();
        let field = |name| (name, member(name));
        let id_token = read(field("id_token"), IdToken::new, &mut unusable);
        let access_token = read(field("access_token"), AccessToken::new, &mut unusable);
        let refresh_token = read(field("refresh_token"), RefreshToken::new, &mut unusable);
        let usual = is_type("Bearer", token_type).ok();
        let known = read(field("token_type"), |it| is_type(&it, token_type), &mut unusable);
        // Without a type it is a bearer token.
        if known.or(usual).is_none() && !unusable.contains(&"token_type") {
            unusable.push("token_type");
        }
        let scope = read(field("scope"), Ok::<_, ()>, &mut Vec::new());
        let access_token = access_token.filter(|_| !unusable.contains(&"token_type"));
        let expires_in = member("expires_in").and_then(seconds);
        let others = members.iter().filter(|(name, _)| !READ.contains(&name.as_str()));
        let others = others.map(|(name, json)| (name.clone(), Zeroizing::new((*json).to_owned())));
        let additional = AdditionalFields(others.collect());
        RefreshResponse {
            access_token,
            refresh_token,
            id_token,
            expires_in,
            scope,
            unusable,
            additional,
        }
    }
}

/// Without an access token the response names the field that is missing or unusable.
impl TryFrom<RefreshResponse> for TokenResponse {
    type Error = Error;

    fn try_from(response: RefreshResponse) -> Result<Self, Error> {
        let is_type_unusable = response.unusable.contains(&"token_type");
        let field = if is_type_unusable { "token_type" } else { "access_token" };
        let missing = DecodeError::Shape { field: field.to_owned() };
        Ok(Self {
            access_token: response.access_token.ok_or(missing)?,
            refresh_token: response.refresh_token,
            id_token: response.id_token,
            claims: None,
            expires_in: response.expires_in,
            scope: response.scope,
            additional: response.additional,
        })
    }
}

/// Absent, null or empty is `None`: nothing new was issued. What is there and cannot be used is `None`
/// too, and its name is noted.
fn read<T, E>(
    (name, json): (&'static str, Option<&str>),
    new: impl FnOnce(String) -> Result<T, E>,
    unusable: &mut Vec<&'static str>,
) -> Option<T> {
    let json = json.filter(|json| !is_empty(json))?;
    let text = serde_json::from_str::<String>(json).ok();
    let read = text.and_then(|text| new(text).ok());
    if read.is_none() {
        unusable.push(name);
    }
    read
}

fn is_empty(json: &str) -> bool {
    matches!(json, "null" | "\"\"")
}

/// A token of a type that the client does not understand must not be used
/// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)). Some servers send no type: the
/// token is a bearer token then.
fn is_type(token_type: &str, expected: &str) -> Result<(), ()> {
    if token_type.eq_ignore_ascii_case(expected) { Ok(()) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refreshed(body: &Value) -> RefreshResponse {
        read_text(&body.to_string())
    }

    fn read_text(body: &str) -> RefreshResponse {
        serde_json::from_str::<Members<'_>>(body).unwrap().into_response("Bearer")
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

    /// The values that no Rust type holds: a number beyond a double, half of a surrogate pair, and lists
    /// of any depth.
    // threats 85 86 87
    #[test]
    fn token_survives_any_value_of_another_field() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        for odd in ["1e400", "-1e400", "1e-400", r#""\ud800""#, &deep, r#"{"a":1e400}"#] {
            for name in ["expires_in", "scope", "another"] {
                let body = format!(r#"{{"access_token":"a","refresh_token":"r","{name}":{odd}}}"#);
                let response = read_text(&body);
                assert_eq!(response.refresh_token.unwrap().expose(), "r", "{body:.80}");
                assert_eq!(response.access_token.unwrap().expose(), "a", "{body:.80}");
                assert_eq!(response.unusable, [""; 0], "{body:.80}");
            }
            for name in ["access_token", "id_token", "token_type"] {
                let response = read_text(&format!(r#"{{"refresh_token":"r","{name}":{odd}}}"#));
                assert_eq!(response.refresh_token.unwrap().expose(), "r", "{name} {odd:.80}");
                assert_eq!(response.unusable, [name], "{odd:.80}");
            }
        }
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
        let error = serde_json::from_str::<Members<'_>>(twice).err().unwrap().to_string();
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

    #[test]
    fn token_that_is_not_bound_is_refused_with_dpop() {
        let missing = r#"{"access_token":"a","refresh_token":"r"}"#;
        let members = serde_json::from_str::<Members<'_>>(missing).unwrap();
        assert!(members.into_response("DPoP").access_token.is_none());
        for (token_type, is_bound) in [
            (json!("DPoP"), true),
            (json!("dpop"), true),
            (json!("Bearer"), false),
            (json!(null), false),
            (json!(""), false),
            (json!(7), false),
        ] {
            let body = json!({"access_token": "a", "refresh_token": "r", "token_type": token_type});
            let body = body.to_string();
            let members = serde_json::from_str::<Members<'_>>(&body).unwrap();
            let response = members.into_response("DPoP");
            assert_eq!(response.access_token.is_some(), is_bound, "{token_type}");
            assert!(response.refresh_token.is_some());
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

    #[test]
    fn other_fields_are_additional() {
        let body = json!({"access_token": "a", "refresh_token_expires_in": 7, "team": {"id": "t"}});
        let additional = TokenResponse::try_from(refreshed(&body)).unwrap().additional;
        assert!(additional.names().eq(["refresh_token_expires_in", "team"]));
        assert_eq!(additional.get::<u64>("refresh_token_expires_in"), Some(7));
        assert_eq!(additional.get::<Value>("team").unwrap()["id"], "t");
        assert_eq!(additional.get::<String>("team"), None);
        assert_eq!(additional.get::<Value>("access_token"), None);
    }

    // threats 6 195
    #[test]
    fn debug_shows_no_token() {
        let body = json!({
            "id_token": "canary", "access_token": "canary", "refresh_token": "canary",
            "another_token": "canary",
        });
        let (response, granted) = (refreshed(&body), TokenResponse::try_from(refreshed(&body)));
        let shown = format!("{response:?} {granted:?}");
        assert!(shown.contains("another_token") && !shown.contains("canary"), "{shown}");
    }
}
