use std::fmt;

use credentials::{AccessToken, ApiKey, Claims, IdToken, RefreshToken};
use jiff::Timestamp;
use token_source::{RefreshedTokens, is_older};

use crate::AuthMode;
use crate::auth_mode::PERSONAL_ACCESS_TOKEN;
use crate::format::object::{Object, Value};
use crate::format::other_formats;

const AUTH_MODE: &str = "auth_mode";

/// Fields by which Codex CLI recognizes sign-ins of other kinds without `auth_mode`, and their modes.
const OF_OTHER_PROGRAMS: [(&str, &str); 2] =
    [("bedrock_api_key", "bedrockApiKey"), ("bedrock_access_keys", "bedrockAccessKeys")];

const OAUTH_PROVENANCE: &str = "oauth_provenance";

/// The document in `auth.json`: the fields that this program knows, and all others unchanged.
///
/// Not `Clone` and not `Serialize`: it holds secrets, and only a store writes it.
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

    /// Whether nothing is lost if `other` is removed: each of its secrets is here too, and it has one that cannot be
    /// replaced by a refresh.
    pub(crate) fn has_all_of(&self, other: &Self) -> bool {
        let (here, there) = (self.lasting_secrets(), other.lasting_secrets());
        let is_here =
            |(theirs, ours): (&Option<&str>, &Option<&str>)| theirs.is_none() || theirs == ours;
        there.iter().any(Option::is_some) && there.iter().zip(&here).all(is_here)
    }

    /// What a refresh cannot bring back.
    pub(crate) fn lasting_secrets(&self) -> [Option<&str>; 3] {
        let [key, personal] = ["OPENAI_API_KEY", "personal_access_token"].map(|it| self.text(it));
        [self.token("refresh_token"), key, personal]
    }

    /// Whether this may be a later sign-in of the same account, so that the refresh token of `old` may be used up.
    pub(crate) fn is_successor_of(&self, old: &Self) -> bool {
        self.can_both_be_refreshed(old)
            && (is_older(old, self) || self.last_refresh() > old.last_refresh())
    }

    /// Whether this is a later sign-in of the same account, or has the same access token with the new refresh token of
    /// a refresh that brought nothing else.
    pub(crate) fn may_replace(&self, old: &Self) -> bool {
        let [access, refresh] =
            ["access_token", "refresh_token"].map(|name| self.token(name) == old.token(name));
        self.can_both_be_refreshed(old) && (is_older(old, self) || access && !refresh)
    }

    fn can_both_be_refreshed(&self, other: &Self) -> bool {
        self.is_same_account(other)
            && self.refresh_token().is_some()
            && other.refresh_token().is_some()
    }

    /// Whether both are sign-ins of one person and account, made in the same way. A token that does not name its
    /// person can belong to anyone in the account.
    #[must_use]
    pub fn is_same_account(&self, other: &Self) -> bool {
        let person = |it: &Self| {
            let claims: Claims = it.access_token_claims_without_verifying()?;
            claims.sub
        };
        self.account_id() == other.account_id()
            && self.auth_mode() == other.auth_mode()
            && person(self).zip(person(other)).is_none_or(|(it, other)| it == other)
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

    /// The `client_id` for a refresh and a revocation of these tokens.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.provenance("client_id")
    }

    /// The issuer of the tokens.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.provenance("issuer")
    }

    /// Replaces the sign-in by a new one with ChatGPT. `tokens` is replaced as a whole, because fields
    /// of other programs in it are about the old tokens. Other fields at the top stay.
    pub fn set_sign_in(&mut self, sign_in: &SignIn) {
        let tokens = [
            ("id_token", Some(sign_in.id_token.expose())),
            ("access_token", Some(sign_in.access_token.expose())),
            ("refresh_token", Some(sign_in.refresh_token.expose())),
            ("account_id", sign_in.account_id.as_deref()),
        ];
        let api_key = sign_in.api_key.as_ref().map(ApiKey::expose);
        self.set_tokens(api_key, tokens, sign_in.last_refresh);
    }

    fn set_tokens(
        &mut self,
        api_key: Option<&str>,
        tokens: [(&str, Option<&str>); 4],
        last_refresh: Timestamp,
    ) {
        self.remove_other_sign_ins();
        self.object.set(AUTH_MODE, "chatgpt");
        self.object.set("OPENAI_API_KEY", api_key);
        let mut object = Object::default();
        tokens.into_iter().for_each(|(name, token)| object.set(name, token));
        self.object.set("tokens", object);
        self.object.set("last_refresh", rfc_3339(last_refresh).as_str());
    }

    /// Replaces the tokens that a refresh returned. Everything else stays.
    pub fn set_refreshed_tokens(&mut self, refreshed: &RefreshedTokens) {
        let new = [
            ("id_token", refreshed.id_token.as_ref().map(IdToken::expose)),
            ("access_token", refreshed.access_token.as_ref().map(AccessToken::expose)),
            ("refresh_token", refreshed.refresh_token.as_ref().map(RefreshToken::expose)),
        ];
        let returned = new.into_iter().filter_map(|(name, token)| Some((name, token?)));
        self.object.edit_object("tokens", |tokens| {
            returned.for_each(|(name, token)| tokens.set(name, token));
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
        let token = Some(access_token.expose());
        let tokens = [
            ("id_token", token),
            ("access_token", token),
            ("refresh_token", Some("")),
            ("account_id", account_id),
        ];
        self.set_tokens(None, tokens, now);
    }

    /// Replaces the sign-in by a personal access token, in the form of Codex CLI: without a mode and
    /// tokens. Other fields stay.
    pub fn set_personal_access_token_sign_in(&mut self, token: &AccessToken) {
        other_formats::remove(&mut self.object);
        self.object.set("OPENAI_API_KEY", Value::default());
        self.object.set(PERSONAL_ACCESS_TOKEN, token.expose());
        self.object.retain(|name| ![AUTH_MODE, "tokens", "last_refresh"].contains(&name));
    }

    /// Sets the client and the issuer of the tokens.
    pub fn set_oauth_provenance(&mut self, issuer: &str, client_id: &str) {
        self.object.edit_object("tokens", |tokens| {
            tokens.edit_object(OAUTH_PROVENANCE, |provenance| {
                *provenance = Object::default();
                provenance.set("issuer", issuer);
                provenance.set("client_id", client_id);
            });
        });
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

    fn provenance(&self, name: &str) -> Option<&str> {
        self.tokens()?.object(OAUTH_PROVENANCE)?.text(name)
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
mod tests;
