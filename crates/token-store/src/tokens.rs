use std::collections::BTreeMap;
use std::fmt;

use credentials::{AccessToken, Claims, IdToken, RefreshToken};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use token_client::TokenResponse;
use token_source::{Refreshable, RefreshedTokens};
use zeroize::Zeroizing;

/// The tokens of a sign-in: the fields of [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1),
/// `issued_at` and `expires_at` ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), UTC), and any field of
/// your own.
///
/// A store of your own keeps [`to_json`](Self::to_json), reads it with [`from_json`](Self::from_json), and
/// [applies](Self::apply) what a refresh returned.
#[derive(Clone, Default)]
pub struct StoredTokens(BTreeMap<String, Zeroizing<String>>);

impl StoredTokens {
    /// The tokens of a response that arrived now.
    #[must_use]
    pub fn new(response: &TokenResponse, now: Timestamp) -> Self {
        let mut tokens = Self::default();
        let expires_at = response.expires_in.and_then(|it| now.checked_add(it).ok());
        tokens.set("access_token", response.access_token.expose());
        tokens.set_if("refresh_token", response.refresh_token.as_ref().map(RefreshToken::expose));
        tokens.set_if("id_token", response.id_token.as_ref().map(IdToken::expose));
        tokens.set_if("scope", response.scope.as_ref());
        tokens.set_if("expires_at", expires_at.map(|it| it.to_string()));
        tokens.set("issued_at", now.to_string());
        tokens
    }

    /// The value of a field, if it is a `T`.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?).ok()
    }

    /// Sets a field, such as the name of an account. A value that cannot be JSON leaves it as it was.
    pub fn set<T: Serialize>(&mut self, name: &str, value: T) {
        if let Ok(json) = serde_json::to_string(&value) {
            self.0.insert(name.to_owned(), json.into());
        }
    }

    fn set_if<T: Serialize>(&mut self, name: &str, value: Option<T>) {
        value.into_iter().for_each(|value| self.set(name, value));
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> Option<AccessToken> {
        self.get("access_token")
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> Option<RefreshToken> {
        self.get("refresh_token")
    }

    /// The ID token.
    #[must_use]
    pub fn id_token(&self) -> Option<IdToken> {
        self.get("id_token")
    }

    /// When the access token expires: from the response, or else the `exp` of a token that is a JWT.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        let claims = || Claims::decode_access_token_without_verifying(&self.access_token()?).ok();
        let exp = || Timestamp::from_second(claims().and_then(|it: Claims| it.exp)?).ok();
        self.time("expires_at").or_else(exp)
    }

    /// Replaces the tokens that a refresh returned, and their times. Everything else stays, also the scope.
    pub fn apply(&mut self, new: &RefreshedTokens) {
        if let Some(access_token) = &new.access_token {
            self.set("access_token", access_token.expose());
            // The time of the old token is not the time of the new one.
            self.0.remove("expires_at");
            self.0.remove("issued_at");
        }
        self.set_if("refresh_token", new.refresh_token.as_ref().map(RefreshToken::expose));
        self.set_if("id_token", new.id_token.as_ref().map(IdToken::expose));
        self.set_if("expires_at", new.expires_at.map(|it| it.to_string()));
        self.set_if("issued_at", new.last_refresh.map(|it| it.to_string()));
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `None` unless it is a JSON object. Of two members with one
    /// name, the last counts.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let members = BTreeMap::<String, &RawValue>::deserialize(
            &mut serde_json::Deserializer::from_str(text.trim_end()),
        );
        let own = |(name, json): (String, &RawValue)| (name, json.get().to_owned().into());
        Some(Self(members.ok()?.into_iter().map(own).collect()))
    }

    /// A JSON object with a member in each line.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        // A text that grows leaves copies in memory.
        let length: usize = self.0.iter().map(|(name, json)| 6 * name.len() + json.len() + 8).sum();
        let mut text = Zeroizing::new(String::with_capacity(length + 8));
        let mut before = "{\n  ";
        for (name, json) in &self.0 {
            text.push_str(before);
            before = ",\n  ";
            text.push_str(&serde_json::Value::from(name.as_str()).to_string());
            text.push_str(": ");
            text.push_str(json);
        }
        text.push_str(if self.0.is_empty() { "{}\n" } else { "\n}\n" });
        text
    }

    /// Whether this is the stored refresh token: what a [`commit`](crate::StoreGuard::commit) compares.
    #[must_use]
    pub fn has(&self, refresh_token: &RefreshToken) -> bool {
        self.refresh_token().is_some_and(|it| it.expose() == refresh_token.expose())
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        self.get::<String>(name)?.parse().ok()
    }
}

impl Refreshable for StoredTokens {
    fn refresh_token(&self) -> Option<RefreshToken> {
        self.refresh_token()
    }

    fn access_token(&self) -> Option<AccessToken> {
        self.access_token()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at()
    }

    fn issued_at(&self) -> Option<Timestamp> {
        self.time("issued_at")
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        self.time("issued_at")
    }

    fn can_be_refreshed(&self) -> bool {
        self.refresh_token().is_some()
    }
}

/// Without the values: fields of your own can be secrets too.
impl fmt::Debug for StoredTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
  "access_token": "a-1",
  "account": {"name": "Ada", "n": 1e400},
  "expires_at": "2026-11-28T12:00:00Z",
  "issued_at": "2026-11-28T11:00:00Z",
  "refresh_token": "r-1"
}
"#;

    // threats 109 110 111 169
    #[test]
    fn refresh_replaces_what_it_returned_and_nothing_else() {
        let mut tokens = StoredTokens::from_json(FILE).unwrap();
        assert_eq!(*tokens.to_json(), FILE);
        tokens.apply(&RefreshedTokens {
            refresh_token: Some(RefreshToken::new("r-2").unwrap()),
            ..RefreshedTokens::default()
        });
        assert_eq!(*tokens.to_json(), FILE.replace("r-1", "r-2"));
        tokens.apply(&RefreshedTokens {
            access_token: Some(AccessToken::new("a-2").unwrap()),
            ..RefreshedTokens::default()
        });
        let expected = "{\n  \"access_token\": \"a-2\",\n  \"account\": {\"name\": \"Ada\", \"n\": \
                        1e400},\n  \"refresh_token\": \"r-2\"\n}\n";
        assert_eq!(*tokens.to_json(), expected);
    }

    #[test]
    fn text_that_is_no_object_is_refused() {
        for text in ["", "[]", "null", "{", "{\"a\":1", "{\"a\":1,}"] {
            assert!(StoredTokens::from_json(text).is_none(), "{text}");
        }
        assert_eq!(*StoredTokens::from_json("{}").unwrap().to_json(), "{}\n");
    }

    // threats 195
    #[test]
    fn debug_shows_names_only() {
        let tokens = StoredTokens::from_json(FILE).unwrap();
        let shown = format!("{tokens:?}");
        assert!(shown.contains("account") && !shown.contains("a-1") && !shown.contains("Ada"));
    }
}
