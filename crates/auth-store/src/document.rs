use std::fmt;

use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use jiff::Timestamp;
use token_source::RefreshedTokens;

use crate::auth_mode::PERSONAL_ACCESS_TOKEN;
use crate::object::{Object, Value};
use crate::{AuthMode, other_formats};

/// The document in `auth.json`: the fields that this program knows, and all others unchanged.
///
/// Not `Clone` and not `Serialize`: it holds secrets, and only the store writes it.
#[derive(Default)]
pub struct AuthDocument {
    pub(crate) object: Object,
}

/// A new sign-in with ChatGPT.
#[derive(Debug)]
pub struct SignIn {
    /// Who signed in.
    pub id_token: IdToken,
    /// The token for requests.
    pub access_token: AccessToken,
    /// The token for the next access token.
    pub refresh_token: RefreshToken,
    /// `chatgpt_account_id` of the ID token. Without it Codex CLI does not refresh.
    pub account_id: Option<String>,
    /// The API key of the token exchange. `None` is written as null.
    pub api_key: Option<ApiKey>,
    /// When the tokens were issued.
    pub last_refresh: Timestamp,
}

impl AuthDocument {
    /// The key under `OPENAI_API_KEY`.
    #[must_use]
    pub fn api_key(&self) -> Option<ApiKey> {
        self.text("OPENAI_API_KEY").and_then(|key| ApiKey::new(key).ok())
    }

    /// Whether there is a token. An empty string counts as missing.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        let names = ["access_token", "refresh_token"];
        self.id_token().is_some() || names.iter().any(|name| self.token(name).is_some())
    }

    /// Whether the only token is an access token from
    /// [`set_access_token_sign_in`](Self::set_access_token_sign_in): a copy, whose sign-in may be
    /// stored elsewhere.
    #[must_use]
    pub fn has_only_access_token(&self) -> bool {
        let access_token = self.token("access_token");
        let has_no_other = self.token("refresh_token").is_none();
        has_no_other && access_token.is_some() && access_token == self.token("id_token")
    }

    /// The ID token. An access token in its place does not count, see
    /// [`set_access_token_sign_in`](Self::set_access_token_sign_in). If another program has stored the
    /// claims instead, the token may be among them.
    #[must_use]
    pub fn id_token(&self) -> Option<IdToken> {
        let is_it = |text: &&str| self.token("access_token") != Some(*text);
        let among_claims = || self.tokens()?.object("id_token")?.text("raw_jwt");
        IdToken::new(self.token("id_token").filter(is_it).or_else(among_claims)?).ok()
    }

    /// Whether `id_token` is an object of claims.
    pub(crate) fn has_decoded_id_token(&self) -> bool {
        self.tokens().is_some_and(|tokens| tokens.object("id_token").is_some())
    }

    /// Whether `last_refresh` is an empty string.
    pub(crate) fn has_empty_last_refresh(&self) -> bool {
        self.object.get("last_refresh").is_some_and(|time| time.is_blank() && !time.is_null())
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> Option<AccessToken> {
        AccessToken::new(self.token("access_token")?).ok()
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> Option<RefreshToken> {
        RefreshToken::new(self.token("refresh_token")?).ok()
    }

    /// The ChatGPT account of the tokens.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.token("account_id")
    }

    /// When the tokens were issued.
    #[must_use]
    pub fn last_refresh(&self) -> Option<Timestamp> {
        self.text("last_refresh")?.parse().ok()
    }

    /// Replaces the sign-in by a new one with ChatGPT. `tokens` is replaced as a whole, because fields
    /// of other programs in it are about the old tokens. Other fields at the top stay.
    pub fn set_sign_in(&mut self, sign_in: &SignIn) {
        self.remove_other_sign_ins();
        self.object.set("auth_mode", "chatgpt");
        self.object.set("OPENAI_API_KEY", sign_in.api_key.as_ref().map(ApiKey::expose));
        let mut tokens = Object::default();
        tokens.set("id_token", sign_in.id_token.expose());
        tokens.set("access_token", sign_in.access_token.expose());
        tokens.set("refresh_token", sign_in.refresh_token.expose());
        tokens.set("account_id", sign_in.account_id.as_deref());
        self.object.set("tokens", tokens);
        self.object.set("last_refresh", rfc_3339(sign_in.last_refresh).as_str());
    }

    /// Replaces the tokens that a refresh returned. Everything else stays.
    pub fn set_refreshed_tokens(&mut self, refreshed: &RefreshedTokens) {
        let new = [
            ("id_token", refreshed.id_token.as_ref().map(IdToken::expose)),
            ("access_token", refreshed.access_token.as_ref().map(AccessToken::expose)),
            ("refresh_token", refreshed.refresh_token.as_ref().map(RefreshToken::expose)),
        ];
        self.object.edit_object("tokens", |tokens| {
            for (name, token) in new {
                if let Some(token) = token {
                    tokens.set(name, token);
                }
            }
        });
        if let Some(time) = refreshed.last_refresh {
            self.object.set("last_refresh", rfc_3339(time).as_str());
        }
    }

    /// Replaces the sign-in by an API key. Other fields at the top stay.
    pub fn set_api_key_sign_in(&mut self, api_key: &ApiKey) {
        self.remove_other_sign_ins();
        self.object.set("auth_mode", "apikey");
        self.object.set("OPENAI_API_KEY", api_key.expose());
        self.object.set("tokens", Value::default());
        self.object.set("last_refresh", Value::default());
    }

    /// Replaces the sign-in by an access token. Other fields at the top stay.
    ///
    /// Codex CLI cannot read a file whose ID token is not a JWT or whose refresh token is not a string.
    /// So the access token is the ID token as well, as Codex CLI itself does it, and the refresh token
    /// is empty.
    pub fn set_access_token_sign_in(
        &mut self,
        access_token: &AccessToken,
        account_id: Option<&str>,
        now: Timestamp,
    ) {
        self.remove_other_sign_ins();
        self.object.set("auth_mode", "chatgpt");
        self.object.set("OPENAI_API_KEY", Value::default());
        let mut tokens = Object::default();
        tokens.set("id_token", access_token.expose());
        tokens.set("access_token", access_token.expose());
        tokens.set("refresh_token", "");
        tokens.set("account_id", account_id);
        self.object.set("tokens", tokens);
        self.object.set("last_refresh", rfc_3339(now).as_str());
    }

    /// Adds an API key. Without another sign-in the mode becomes `apikey`. Beside tokens the mode is
    /// written, because with both and no mode Codex CLI uses the key and never refreshes.
    pub fn set_api_key(&mut self, api_key: &ApiKey) {
        let mode = match self.auth_mode() {
            Some(AuthMode::PersonalAccessToken | AuthMode::Other(_)) if self.is_signed_in() => None,
            Some(AuthMode::ChatGpt) if self.token("access_token").is_some() => Some("chatgpt"),
            _ => Some("apikey"),
        };
        if let Some(mode) = mode {
            self.object.set("auth_mode", mode);
        }
        self.object.set("OPENAI_API_KEY", api_key.expose());
    }

    /// Removes the sign-ins that a new one does not overwrite: a personal access token, which Codex CLI
    /// would use, and those of other programs.
    fn remove_other_sign_ins(&mut self) {
        self.object.retain(|name| name != PERSONAL_ACCESS_TOKEN);
        other_formats::remove(&mut self.object);
    }

    pub(crate) fn tokens(&self) -> Option<&Object> {
        self.object.object("tokens")
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.object.text(key)
    }

    pub(crate) fn token(&self, key: &str) -> Option<&str> {
        self.tokens()?.text(key)
    }
}

impl fmt::Debug for AuthDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthDocument([redacted])")
    }
}

/// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) in UTC with microseconds, as all programs write
/// it in this file.
fn rfc_3339(time: Timestamp) -> String {
    format!("{time:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{parse, serialize};

    fn read(text: &str) -> AuthDocument {
        parse(text.as_bytes()).unwrap()
    }

    fn compact(document: &AuthDocument) -> String {
        let bytes = serialize(document).unwrap();
        std::str::from_utf8(&bytes).unwrap().split_whitespace().collect()
    }

    // threats 170
    #[test]
    fn last_refresh_accepts_every_time_with_a_zone() {
        let time = |text: &str| read(&format!(r#"{{"last_refresh":"{text}"}}"#)).last_refresh();
        let expected = "2026-11-21T18:48:46.859879Z".parse().ok();
        assert_eq!(time("2026-11-21T18:48:46.859879Z"), expected);
        assert_eq!(time("2026-11-21T18:48:46.859879+00:00"), expected);
        assert_eq!(time("2026-11-21T20:48:46.859879000+02:00"), expected);
        assert_eq!(read("{}").last_refresh(), None);
        assert_eq!(read(r#"{"last_refresh":null}"#).last_refresh(), None);
    }

    #[test]
    fn last_refresh_is_written_with_microseconds() {
        assert_eq!(rfc_3339(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
        let nanoseconds = "2026-11-21T18:48:46.123456789Z".parse().unwrap();
        assert_eq!(rfc_3339(nanoseconds), "2026-11-21T18:48:46.123456Z");
    }

    #[test]
    fn access_token_sign_in_has_no_id_token_and_no_refresh_token() {
        let mut document =
            read(r#"{"OPENAI_API_KEY":"sk-1","x":1,"personal_access_token":"p","tokens":{"y":2}}"#);
        let token = AccessToken::new("a.b.c").unwrap();
        document.set_access_token_sign_in(&token, Some("acct-1"), Timestamp::UNIX_EPOCH);
        let expected = r#"{"OPENAI_API_KEY":null,"x":1,"tokens":{"id_token":"a.b.c",
            "access_token":"a.b.c","refresh_token":"","account_id":"acct-1"},
            "auth_mode":"chatgpt","last_refresh":"1970-01-01T00:00:00.000000Z"}"#;
        let expected: String = expected.split_whitespace().collect();
        assert_eq!(compact(&document), expected);
        assert!(document.is_signed_in() && document.access_token().is_some());
        assert!(document.id_token().is_none() && document.refresh_token().is_none());
        assert!(document.has_only_access_token());
    }

    #[test]
    fn other_documents_are_not_an_access_token_sign_in() {
        for text in [
            "{}",
            r#"{"tokens":{}}"#,
            r#"{"tokens":{"id_token":"","access_token":""}}"#,
            r#"{"tokens":{"access_token":"a.b.c"}}"#,
            r#"{"tokens":{"id_token":"i.j.k","access_token":"a.b.c"}}"#,
            r#"{"tokens":{"id_token":"a.b.c","access_token":"a.b.c","refresh_token":"r"}}"#,
        ] {
            assert!(!read(text).has_only_access_token(), "{text}");
        }
    }

    #[test]
    fn set_api_key_keeps_the_sign_in() {
        for (before, after) in [
            ("{}", r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-2"}"#),
            (
                r#"{"OPENAI_API_KEY":"sk-1","x":1}"#,
                r#"{"OPENAI_API_KEY":"sk-2","x":1,"auth_mode":"apikey"}"#,
            ),
            (
                r#"{"OPENAI_API_KEY":null,"tokens":{"access_token":"a"}}"#,
                r#"{"OPENAI_API_KEY":"sk-2","tokens":{"access_token":"a"},"auth_mode":"chatgpt"}"#,
            ),
            (
                r#"{"auth_mode":"chatgpt","tokens":null}"#,
                r#"{"auth_mode":"apikey","tokens":null,"OPENAI_API_KEY":"sk-2"}"#,
            ),
            (
                r#"{"auth_mode":"agentIdentity"}"#,
                r#"{"auth_mode":"agentIdentity","OPENAI_API_KEY":"sk-2"}"#,
            ),
        ] {
            let mut document = read(before);
            document.set_api_key(&ApiKey::new("sk-2").unwrap());
            assert_eq!(compact(&document), after);
        }
    }

    // threats 6
    #[test]
    fn debug_never_shows_a_secret() {
        let document = read(r#"{"OPENAI_API_KEY":"canary","tokens":{"access_token":"canary"}}"#);
        assert_eq!(
            format!("{document:?} {document:#?}"),
            "AuthDocument([redacted]) ".repeat(2).trim()
        );
        let shown = format!("{:?} {:?}", document.access_token(), document.api_key());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
