use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

/// The entry of a server URL.
///
/// Not `Clone` and not `PartialEq`: each copy of a secret is explicit.
pub struct Credential {
    /// The owner of the secret. Helpers refuse an empty one.
    pub username: String,
    /// The secret, wiped when it is dropped.
    pub secret: Zeroizing<String>,
}

/// Without the secret.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("username", &self.username)
            .field("secret", &format_args!("[redacted]"))
            .finish()
    }
}

/// The input of `store`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(rename = "ServerURL")]
    server_url: &'a str,
    username: &'a str,
    secret: &'a str,
}

/// The entry as one line of JSON, in a buffer with space for six bytes per byte (`\u0000`): a buffer that
/// grows leaves copies behind.
pub(crate) fn entry(
    server_url: &str,
    credential: &Credential,
) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let Credential { username, secret } = credential;
    let longest = 64 + 6 * (server_url.len() + username.len() + secret.len());
    let mut bytes = Zeroizing::new(Vec::with_capacity(longest));
    serde_json::to_writer(&mut *bytes, &Entry { server_url, username, secret })?;
    Ok(bytes)
}

/// The answer of `get`, without the URL.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(deserialize_with = "secret")]
    secret: Zeroizing<String>,
}

/// Parses the answer of `get`. Helpers before 0.7 report a missing entry with an empty username and
/// secret, which `store` never accepts.
pub(crate) fn credential(answer: &[u8]) -> serde_json::Result<Option<Credential>> {
    let Answer { username, secret } = serde_json::from_slice(answer)?;
    let absent = username.is_empty() && secret.is_empty();
    Ok((!absent).then_some(Credential { username, secret }))
}

fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(input).map(Zeroizing::new)
}

/// Parses the answer of `list`. An empty map of Go is an object or `null`.
pub(crate) fn entries(answer: &[u8]) -> serde_json::Result<BTreeMap<String, String>> {
    let entries: Option<BTreeMap<String, String>> = serde_json::from_slice(answer)?;
    Ok(entries.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential_of(username: &str, secret: &str) -> Credential {
        Credential { username: username.to_owned(), secret: secret.to_owned().into() }
    }

    // threats 180
    #[test]
    fn entry_is_one_line_in_a_buffer_that_never_grew() {
        let entry = entry("https://a.test/x", &credential_of("me", "{\n \"k\": \"ü\"}")).unwrap();
        let longest = super::entry("", &credential_of("", &"\0".repeat(1000))).unwrap();
        assert!(longest.capacity() == 64 + 6000 && longest.len() > 6000);
        let json =
            r#"{"ServerURL":"https://a.test/x","Username":"me","Secret":"{\n \"k\": \"ü\"}"}"#;
        assert_eq!(std::str::from_utf8(&entry).unwrap(), json);
    }

    #[test]
    fn get_answer_is_a_credential() {
        let answer = br#"{"ServerURL":"https://a.test","Username":"me","Secret":"{\n\"k\":1}"}
"#;
        let found = credential(answer).unwrap().unwrap();
        assert_eq!((found.username.as_str(), found.secret.as_str()), ("me", "{\n\"k\":1}"));
        let bare = credential(br#"{"Secret":"s","Expires":7}"#).unwrap().unwrap();
        assert_eq!((bare.username.as_str(), bare.secret.as_str()), ("", "s"));
        assert!(credential(br#"{"Username":"me","Secret":""}"#).unwrap().is_some());
    }

    #[test]
    fn empty_get_answer_means_no_entry() {
        let answer = br#"{"ServerURL":"https://a.test","Username":"","Secret":""}"#;
        assert!(credential(answer).unwrap().is_none());
    }

    #[test]
    fn invalid_get_answer_is_an_error() {
        for answer in [
            "",
            "null",
            "[]",
            "{}",
            "Secret",
            r#"{"Username":"me"}"#,
            r#"{"Secret":7}"#,
            r#"{"Secret":"a","Secret":"b"}"#,
            r#"{"Secret":"a"} {"Secret":"b"}"#,
            r#"warning: old
{"Secret":"a"}"#,
        ] {
            assert!(credential(answer.as_bytes()).is_err(), "{answer}");
        }
        assert!(credential(b"{\"Secret\":\"\xff\"}").is_err());
    }

    #[test]
    fn list_answer_maps_urls_to_usernames() {
        let found = entries(br#"{"https://b.test":"b","https://a.test":"a"}"#).unwrap();
        let expected = [("https://a.test", "a"), ("https://b.test", "b")];
        assert!(found.iter().map(|(url, name)| (url.as_str(), name.as_str())).eq(expected));
        assert!(entries(b"null\n").unwrap().is_empty());
        for answer in ["", "[]", r#"{"a":1}"#, "{} {}"] {
            assert!(entries(answer.as_bytes()).is_err(), "{answer}");
        }
    }

    // threats 195
    #[test]
    fn debug_of_a_credential_hides_its_secret() {
        let shown = format!("{:?}", credential_of("me", "canary-0123456789"));
        assert_eq!(shown, r#"Credential { username: "me", secret: [redacted] }"#);
    }
}
