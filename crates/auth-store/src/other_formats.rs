//! Sign-ins as other programs keep them: in fields at the top of the file. People copy such a file to
//! the place of `auth.json`, or link it there.

use crate::object::Object;

/// The fields of one way to keep a sign-in.
struct Shape {
    /// Each holds a secret, and tells that it is this way.
    secrets: &'static [&'static str],
    /// What stands beside them, and may mean something else where they are not.
    beside: &'static [&'static str],
}

/// None of these is a field of Codex CLI's at this place. A new sign-in removes them: a token that is
/// over, or somebody else's, would stay in the file, and the next program to look for it there would
/// take it.
const SHAPES: [Shape; 4] = [
    // The answer of a token endpoint, stored as it came (RFC 6749 section 5.1).
    Shape {
        secrets: &["access_token", "refresh_token", "id_token"],
        beside: &["account_id", "token_type", "expires_in", "expires_at", "scope"],
    },
    // The `auth.json` of opencode has an object like this under the name of each provider.
    Shape { secrets: &["access", "refresh"], beside: &["type", "expires", "accountId"] },
    // Programs in JavaScript and their libraries.
    Shape {
        secrets: &["accessToken", "refreshToken", "idToken"],
        beside: &["accountId", "tokenType", "expiresIn", "expiresAt", "scopes"],
    },
    // One secret alone, as scripts keep it.
    Shape { secrets: &["token", "api_key", "apiKey"], beside: &[] },
];

/// What opencode calls this service.
pub(crate) const PROVIDER: &str = "openai";

/// The name of the first field that holds a secret in one of these ways.
pub(crate) fn secret(object: &Object) -> Option<&'static str> {
    let secrets = || SHAPES.iter().flat_map(|shape| shape.secrets);
    object.iter().filter(|(_, value)| !value.is_blank()).find_map(|(name, _)| {
        let is_it = |secret: &&&str| **secret == name;
        secrets().find(is_it).copied()
    })
}

/// Removes the fields of every such way.
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
    fn what_stands_beside_a_secret_goes_with_it_and_stays_otherwise() {
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
