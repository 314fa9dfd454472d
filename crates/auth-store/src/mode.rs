use credentials::AccessToken;

use crate::auth_mode::PERSONAL_ACCESS_TOKEN;
use crate::object::Value;
use crate::{AuthDocument, AuthMode, other_formats};

const AUTH_MODE: &str = "auth_mode";

/// Fields by which Codex CLI recognizes sign-ins of other kinds without `auth_mode`, and their modes.
const OF_OTHER_PROGRAMS: [(&str, &str); 2] =
    [("bedrock_api_key", "bedrockApiKey"), ("bedrock_access_keys", "bedrockAccessKeys")];

impl AuthDocument {
    /// How the person signed in: `auth_mode`, or else what is stored, in the order of Codex CLI: a
    /// personal access token, then Bedrock credentials. Tokens mean ChatGPT even beside a key. `None`
    /// if there is nothing.
    #[must_use]
    pub fn auth_mode(&self) -> Option<AuthMode> {
        if let Some(written) = self.text(AUTH_MODE) {
            return Some(AuthMode::from_written(written));
        }
        if self.text(PERSONAL_ACCESS_TOKEN).is_some() {
            return Some(AuthMode::PersonalAccessToken);
        }
        let exists =
            |(field, _): &&(&str, &str)| self.object.get(field).is_some_and(Value::is_object);
        if let Some((_, mode)) = OF_OTHER_PROGRAMS.iter().find(exists) {
            return Some(AuthMode::Other((*mode).to_owned()));
        }
        if self.token("access_token").is_some() {
            return Some(AuthMode::ChatGpt);
        }
        self.text("OPENAI_API_KEY").map(|_| AuthMode::ApiKey)
    }

    /// Whether there is an `auth_mode`.
    pub(crate) fn has_auth_mode(&self) -> bool {
        self.text(AUTH_MODE).is_some()
    }

    /// Whether there is what the mode needs: an access token, a key, or a personal access token. A mode
    /// of another program counts as signed in. `{}` does not.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        match self.auth_mode() {
            Some(AuthMode::ChatGpt) => self.token("access_token").is_some(),
            Some(AuthMode::ApiKey) => self.text("OPENAI_API_KEY").is_some(),
            Some(AuthMode::PersonalAccessToken) => self.text(PERSONAL_ACCESS_TOKEN).is_some(),
            Some(AuthMode::Other(_)) => true,
            None => false,
        }
    }

    /// The mode, if only another program supports it.
    #[must_use]
    pub fn other_mode(&self) -> Option<String> {
        match self.auth_mode() {
            Some(AuthMode::Other(mode)) => Some(mode),
            _ => None,
        }
    }

    /// Whether there is a personal access token, also under another mode.
    #[must_use]
    pub fn has_personal_access_token_field(&self) -> bool {
        self.text(PERSONAL_ACCESS_TOKEN).is_some()
    }

    /// The personal access token, if the person signed in with one.
    #[must_use]
    pub fn personal_access_token(&self) -> Option<AccessToken> {
        if self.auth_mode() != Some(AuthMode::PersonalAccessToken) {
            return None;
        }
        AccessToken::new(self.text(PERSONAL_ACCESS_TOKEN)?).ok()
    }

    /// Replaces the sign-in by a personal access token, in the form of Codex CLI: without a mode and
    /// tokens. Other fields stay.
    pub fn set_personal_access_token_sign_in(&mut self, token: &AccessToken) {
        other_formats::remove(&mut self.object);
        self.object.set("OPENAI_API_KEY", Value::default());
        self.object.set(PERSONAL_ACCESS_TOKEN, token.expose());
        self.object.retain(|name| ![AUTH_MODE, "tokens", "last_refresh"].contains(&name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{parse, serialize};
    use credentials::ApiKey;

    fn read(text: &str) -> AuthDocument {
        parse(text.as_bytes()).unwrap()
    }

    fn compact(document: &AuthDocument) -> String {
        let bytes = serialize(document).unwrap();
        std::str::from_utf8(&bytes).unwrap().split_whitespace().collect()
    }

    #[track_caller]
    fn assert_mode(text: &str, mode: impl Into<Option<AuthMode>>, signed_in: bool) {
        let document = read(text);
        assert_eq!(document.auth_mode(), mode.into(), "{text}");
        assert_eq!(document.is_signed_in(), signed_in, "{text}");
    }

    fn other(name: &str) -> AuthMode {
        AuthMode::Other(name.to_owned())
    }

    // threats 170
    #[test]
    fn auth_mode_is_found_in_every_shape() {
        assert_mode("{}", None, false);
        assert_mode(r#"{"OPENAI_API_KEY":null}"#, None, false);
        assert_mode(r#"{"OPENAI_API_KEY":"","tokens":null}"#, None, false);
        assert_mode(r#"{"OPENAI_API_KEY":"sk-1"}"#, AuthMode::ApiKey, true);
        assert_mode(r#"{"OPENAI_API_KEY":"sk-1","tokens":{}}"#, AuthMode::ApiKey, true);
        let both = r#"{"OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"}}"#;
        assert_mode(both, AuthMode::ChatGpt, true);
        let key_only =
            r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"}}"#;
        assert_mode(key_only, AuthMode::ApiKey, true);
        assert_mode(r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":"sk-1"}"#, AuthMode::ChatGpt, false);
        assert_mode(
            r#"{"auth_mode":"apikey","tokens":{"access_token":"a"}}"#,
            AuthMode::ApiKey,
            false,
        );
    }

    // threats 221
    #[test]
    fn sign_in_of_another_program_counts_as_signed_in() {
        let identity = r#"{"auth_mode":"agentIdentity","agent_identity":{}}"#;
        assert_mode(identity, other("agentIdentity"), true);
        let external =
            r#"{"auth_mode":"chatgptAuthTokens","tokens":{"access_token":"a","refresh_token":""}}"#;
        assert_mode(external, other("chatgptAuthTokens"), true);
        assert!(read(external).refresh_token().is_none());
        let bedrock = r#"{"OPENAI_API_KEY":"sk-1","bedrock_api_key":{"api_key":"x"}}"#;
        assert_mode(bedrock, other("bedrockApiKey"), true);
        assert_mode(r#"{"OPENAI_API_KEY":"sk-1","bedrock_api_key":null}"#, AuthMode::ApiKey, true);
        assert_eq!(read(bedrock).other_mode().as_deref(), Some("bedrockApiKey"));
        assert_eq!(read("{}").other_mode(), None);
    }

    // threats 221
    #[test]
    fn personal_access_token_takes_precedence_unless_auth_mode_is_set() {
        let pat = AuthMode::PersonalAccessToken;
        let alone = r#"{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}"#;
        let beside = r#"{"OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"},
            "bedrock_api_key":{},"personal_access_token":"at-1"}"#;
        let written = r#"{"auth_mode":"personalAccessToken","personal_access_token":"at-1"}"#;
        for text in [alone, beside, written] {
            assert_mode(text, pat.clone(), true);
            assert_eq!(read(text).personal_access_token().unwrap().expose(), "at-1");
        }
        assert_mode(r#"{"auth_mode":"personalAccessToken"}"#, pat, false);
        let chatgpt = r#"{"auth_mode":"chatgpt","personal_access_token":"at-1","tokens":{"access_token":"a"}}"#;
        assert_mode(chatgpt, AuthMode::ChatGpt, true);
        assert!(read(chatgpt).personal_access_token().is_none());
    }

    #[test]
    fn personal_access_token_is_written_like_codex_cli() {
        let token = AccessToken::new("at-1").unwrap();
        let mut document = AuthDocument::default();
        document.set_personal_access_token_sign_in(&token);
        assert_eq!(compact(&document), r#"{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}"#);

        let before = r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a"},
            "x":1,"last_refresh":"2026-11-21T18:48:46Z","y":2}"#;
        let mut document = read(before);
        document.set_personal_access_token_sign_in(&token);
        let after = r#"{"OPENAI_API_KEY":null,"x":1,"y":2,"personal_access_token":"at-1"}"#;
        assert_eq!(compact(&document), after);
    }

    /// Codex CLI would use the key instead.
    #[test]
    fn set_api_key_keeps_the_mode_of_a_personal_access_token() {
        for (before, after) in [
            (
                r#"{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}"#,
                r#"{"OPENAI_API_KEY":"sk-2","personal_access_token":"at-1"}"#,
            ),
            (
                r#"{"OPENAI_API_KEY":null,"bedrock_api_key":{"x":1}}"#,
                r#"{"OPENAI_API_KEY":"sk-2","bedrock_api_key":{"x":1}}"#,
            ),
        ] {
            let mut document = read(before);
            document.set_api_key(&ApiKey::new("sk-2").unwrap());
            assert_eq!(compact(&document), after);
        }
    }
}
