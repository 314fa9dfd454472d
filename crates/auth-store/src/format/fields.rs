//! What the fields of a document may hold.

use credentials::{AccessToken, ApiKey, IdToken, MalformedSecret, RefreshToken};
use jiff::Timestamp;

use crate::format::object::{Object, Value};
use crate::format::other_formats::{self, PROVIDER};

/// The name of a field, and whether a string may stand there. Null always may.
type Rule = (&'static str, fn(&str) -> bool);

const TOP_LEVEL: [Rule; 4] = [
    ("auth_mode", |_| true),
    ("OPENAI_API_KEY", |text| is_secret_or_empty(ApiKey::new(text))),
    ("personal_access_token", |text| is_secret_or_empty(AccessToken::new(text))),
    // Codex CLI refuses a time without a zone. It refuses the empty string as well, which says no more
    // than null, and which the next refresh replaces.
    ("last_refresh", |text| text.is_empty() || text.parse::<Timestamp>().is_ok()),
];

const TOKENS: [Rule; 4] = [
    ("id_token", |text| is_secret_or_empty(IdToken::new(text))),
    ("access_token", |text| is_secret_or_empty(AccessToken::new(text))),
    ("refresh_token", |text| is_secret_or_empty(RefreshToken::new(text))),
    ("account_id", |_| true),
];

/// Codex CLI writes the empty string for a refresh token that it lacks.
fn is_secret_or_empty<T>(secret: Result<T, MalformedSecret>) -> bool {
    secret.map_or_else(|error| error == MalformedSecret::Empty, |_| true)
}

/// The path of a field that has a value of the wrong type or form.
pub(super) fn find_malformed_field(object: &Object) -> Option<Vec<&'static str>> {
    if let Some(field) = violation(&TOP_LEVEL, object) {
        return Some(vec![field]);
    }
    match object.get("tokens") {
        Some(Value::Object(tokens)) => Some(vec!["tokens", violation(&TOKENS, tokens)?]),
        Some(value) if !value.is_null() => Some(vec!["tokens"]),
        _ => None,
    }
}

fn violation(rules: &[Rule], object: &Object) -> Option<&'static str> {
    let is_broken = |(name, is_valid): &&Rule| match object.get(name) {
        Some(Value::Text(text)) => !is_valid(text),
        // Another program may have put the claims there.
        Some(Value::Object(_)) => *name != "id_token",
        Some(value) => !value.is_null(),
        None => false,
    };
    rules.iter().find(is_broken).map(|(name, _)| *name)
}

/// The path of a secret that another program keeps at the top of the file, see [`other_formats`].
pub(super) fn other_sign_in(object: &Object) -> Option<Vec<&'static str>> {
    if let Some(name) = other_formats::secret(object) {
        return Some(vec![name]);
    }
    match object.get(PROVIDER)? {
        value if value.is_blank() => None,
        Value::Raw(source) if source.starts_with('{') => {
            let secret = other_formats::secret(&Object::parse(source).ok()?)?;
            Some(vec![PROVIDER, secret])
        }
        _ => Some(vec![PROVIDER]),
    }
}
