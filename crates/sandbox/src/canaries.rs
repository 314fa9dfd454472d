use std::collections::{HashMap, HashSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest part of a secret that counts as a leak, in bytes.
const SHORTEST: usize = 12;

/// Secrets that must not appear in a text, not even a part of 12 bytes, and not in hex, percent-encoding or base64.
///
/// `Debug` does not show them.
pub struct Canaries {
    /// Grouped by length, so that a text is scanned once for each length.
    parts: HashMap<usize, HashSet<Vec<u8>>>,
}

impl Canaries {
    /// All parts of these secrets.
    ///
    /// # Panics
    ///
    /// If a secret has less than 12 bytes: it would not be found.
    #[must_use]
    pub fn new(secrets: &[String]) -> Self {
        let mut parts: HashMap<usize, HashSet<Vec<u8>>> = HashMap::new();
        for secret in secrets {
            assert!(secret.len() >= SHORTEST, "a secret of {} bytes is too short", secret.len());
            for part in secret.as_bytes().windows(SHORTEST) {
                for spelling in spellings(part) {
                    parts.entry(spelling.len()).or_default().insert(spelling);
                }
            }
        }
        Self { parts }
    }

    /// The offset of a part of a secret. The secret itself is not returned, because a report would
    /// leak it.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Option<usize> {
        let first_of = |(length, parts): (&usize, &HashSet<Vec<u8>>)| {
            bytes.windows(*length).position(|window| parts.contains(window))
        };
        self.parts.iter().filter_map(first_of).min()
    }

    /// Whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

/// Base64 encodes three bytes at a time. A part in a longer text is encoded in one of three ways,
/// depending on its offset. All three are included.
fn spellings(part: &[u8]) -> Vec<Vec<u8>> {
    let hex = each(part, "");
    let percent = each(part, "%");
    vec![
        part.to_vec(),
        hex.to_ascii_uppercase(),
        hex,
        percent.to_ascii_uppercase(),
        percent,
        STANDARD_NO_PAD.encode(part).into_bytes(),
        URL_SAFE_NO_PAD.encode(part).into_bytes(),
    ]
}

/// Each byte as two digits after a prefix.
fn each(part: &[u8], prefix: &str) -> Vec<u8> {
    let bytes = part.iter().map(|byte| format!("{prefix}{byte:02x}"));
    bytes.collect::<String>().into_bytes()
}

impl fmt::Debug for Canaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canaries").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 193
    #[test]
    fn secret_is_found_in_every_encoding() {
        let secret = "sk-proj-0123456789abcdefghij_KLMNOPQRST";
        let canaries = Canaries::new(&[secret.to_owned()]);
        let part = &secret[5..17];
        let hex = each(part.as_bytes(), "").to_ascii_uppercase();
        let percent = each(part.as_bytes(), "%").to_ascii_uppercase();
        let base64 =
            |prefix: &str| STANDARD_NO_PAD.encode(format!("{prefix}{secret}")).into_bytes();
        let leaks = [
            secret.as_bytes().to_vec(),
            part.as_bytes().to_vec(),
            hex,
            percent,
            base64(""),
            base64("x"),
            base64("xy"),
            URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        ];
        for leak in &leaks {
            let text = [b"some text, ", leak.as_slice(), b", and more"].concat();
            assert!(canaries.found_in(&text).is_some(), "{}", String::from_utf8_lossy(&text));
        }
        for harmless in ["", "sk-proj-", "0123456789a", &secret.to_uppercase()] {
            assert_eq!(canaries.found_in(harmless.as_bytes()), None, "{harmless}");
        }
    }
}
