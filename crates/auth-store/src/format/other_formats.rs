//! Sign-ins in the formats of other programs: fields at the top of the file. People copy or link such a
//! file to `auth.json`.

use crate::format::object::Object;

/// The fields of one format.
struct Shape {
    /// Each one is a secret, and identifies the format.
    secrets: &'static [&'static str],
    /// Other fields of the format. Without a secret they may mean something else.
    beside: &'static [&'static str],
}

/// None of these is a field of Codex CLI at the top. A new sign-in removes them: the next program that
/// reads them would use an expired token, or another person's.
const SHAPES: [Shape; 4] = [
    // The answer of a token endpoint (RFC 6749 section 5.1).
    Shape {
        secrets: &["access_token", "refresh_token", "id_token"],
        beside: &["account_id", "token_type", "expires_in", "expires_at", "scope"],
    },
    // opencode: its `auth.json` has such an object for each provider.
    Shape { secrets: &["access", "refresh"], beside: &["type", "expires", "accountId"] },
    // JavaScript programs and libraries.
    Shape {
        secrets: &["accessToken", "refreshToken", "idToken"],
        beside: &["accountId", "tokenType", "expiresIn", "expiresAt", "scopes"],
    },
    // A single secret, as in scripts.
    Shape { secrets: &["token", "api_key", "apiKey"], beside: &[] },
];

/// The name of this provider in opencode.
pub(crate) const PROVIDER: &str = "openai";

/// The first field that holds a secret of another format.
pub(crate) fn secret(object: &Object) -> Option<&'static str> {
    let secrets = || SHAPES.iter().flat_map(|shape| shape.secrets);
    object.iter().filter(|(_, value)| !value.is_blank()).find_map(|(name, _)| {
        let is_it = |secret: &&&str| **secret == name;
        secrets().find(is_it).copied()
    })
}

/// Removes the fields of all other formats.
pub(crate) fn remove(object: &mut Object) {
    for Shape { secrets, beside } in SHAPES {
        if secrets.iter().any(|name| object.get(name).is_some()) {
            object.retain(|name| !secrets.contains(&name) && !beside.contains(&name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leaves(before: &str, after: &str) {
        let mut object = Object::parse(before).unwrap();
        remove(&mut object);
        assert_eq!(serde_json::to_string(&object).unwrap(), after);
    }

    // threats 221
    #[test]
    fn related_fields_are_removed_only_with_a_secret() {
        leaves(r#"{"a":1,"access_token":"x","expires_at":1,"b":2}"#, r#"{"a":1,"b":2}"#);
        leaves(r#"{"type":"oauth","access":"x","refresh":"y","expires":1,"z":2}"#, r#"{"z":2}"#);
        leaves(r#"{"idToken":null,"scopes":[]}"#, "{}");
        leaves(r#"{"token":"x","type":"theirs"}"#, r#"{"type":"theirs"}"#);
        for theirs in [r#"{"type":"theirs","expires":1}"#, r#"{"account_id":"a","scope":"s"}"#] {
            leaves(theirs, theirs);
        }
        let nested = r#"{"tokens":{"access_token":"x"},"openai":{"access":"y"}}"#;
        leaves(nested, nested);
    }
}
