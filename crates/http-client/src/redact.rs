use std::fmt;

use zeroize::Zeroizing;

/// The secrets of one request. A response may repeat them, so they are redacted in errors.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<Zeroizing<String>>);

/// A part of a secret with this length is redacted.
const PART_LENGTH: usize = 12;

/// A shorter word may be in a sentence by chance.
const MIN_LENGTH: usize = 4;

impl Secrets {
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_LENGTH {
            self.0.push(Zeroizing::new(secret.to_owned()));
        }
    }

    /// `text` without the parts of secrets.
    pub(crate) fn strip(&self, text: String) -> String {
        let mut hidden = vec![false; text.len()];
        for secret in &self.0 {
            mark(&mut hidden, text.as_bytes(), secret.as_bytes());
        }
        if hidden.contains(&true) { without(&text, &hidden) } else { text }
    }
}

/// Secrets must not be logged.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

fn mark(hidden: &mut [bool], text: &[u8], secret: &[u8]) {
    let length = PART_LENGTH.min(secret.len());
    for (at, part) in text.windows(length).enumerate() {
        if secret.windows(length).any(|it| it == part) {
            hidden[at..at + length].fill(true);
        }
    }
}

fn without(text: &str, hidden: &[bool]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut was_hidden = false;
    for (at, c) in text.char_indices() {
        let is_hidden = hidden[at..at + c.len_utf8()].contains(&true);
        match (is_hidden, was_hidden) {
            (true, false) => shown.push_str("[hidden]"),
            (true, true) => {}
            (false, _) => shown.push(c),
        }
        was_hidden = is_hidden;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_redacted(secret: &str, text: &str, as_text: &str) {
        let mut secrets = Secrets::default();
        secrets.add(secret);
        assert_eq!(secrets.strip(text.to_owned()), as_text);
    }

    // threats 69 126 195
    #[test]
    fn secret_in_an_error_response_is_redacted() {
        let secret = "rt_0123456789abcdefghij";
        assert_redacted(
            secret,
            "the token rt_0123456789abcdefghij is used",
            "the token [hidden] is used",
        );
        assert_redacted(secret, "“rt_0123456789abcdefghij”é", "“[hidden]”é");
        assert_redacted(secret, "ends in 89abcdefghij", "ends in [hidden]");
        assert_redacted(secret, "rt_0123456789…", "[hidden]…");
        assert_redacted(secret, "rt_01234567", "rt_01234567");
        assert_redacted(secret, "", "");
        assert_redacted("s3cr", "the user s3cr", "the user [hidden]");
        assert_redacted("abc", "abc", "abc");
        assert_redacted("", "abc", "abc");
    }

    #[test]
    fn debug_hides_secrets() {
        let mut secrets = Secrets::default();
        secrets.add("canary-0123456789");
        assert_eq!(format!("{secrets:?}"), "1 secrets");
    }
}
