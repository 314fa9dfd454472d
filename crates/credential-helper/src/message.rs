use std::collections::HashSet;

use zeroize::Zeroizing;

use crate::run::Outcome;

/// The message of the protocol for a missing entry.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// Replaces a message that contains a secret.
const WITHHELD: &str = "(its message is withheld because it contains a secret)";

/// The longest message, in characters.
const MESSAGE_LIMIT: usize = 200;

/// This many letters and digits of a secret in a row are no coincidence.
const SECRET_PART: usize = 12;

/// Whether the helper reports a missing entry with the message of the protocol.
///
/// The comparison is exact, as in Docker, but text may precede the message, because not every helper
/// prints only its error.
pub(crate) fn says_not_found(outcome: &Outcome) -> bool {
    let says = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(NOT_FOUND);
    says(&outcome.stdout) || says(&outcome.stderr)
}

/// Why the helper failed: its standard output, as in the protocol, or the first line of its standard
/// error. `secret` is what it was asked to store.
pub(crate) fn refusal(outcome: &Outcome, secret: &str) -> String {
    let said = String::from_utf8_lossy(&outcome.stdout);
    let complained = String::from_utf8_lossy(&outcome.stderr);
    let words = [said.as_ref()].into_iter().chain(complained.lines());
    let shown = words.map(|text| (text, printable::excerpt(text, MESSAGE_LIMIT)));
    match shown.into_iter().find(|(_, shown)| !shown.is_empty()) {
        None => outcome.status.to_string(),
        Some((text, shown)) if repeats(text, &shown, secret) => WITHHELD.to_owned(),
        Some((_, shown)) => shown,
    }
}

/// Whether the message contains a secret: the one to store, or an entry, also a truncated one.
fn repeats(text: &str, shown: &str, secret: &str) -> bool {
    text.contains("\"Secret\"") || shares_a_part(shown, secret)
}

/// Whether `text` contains a part of `secret`, or all of a short one. Only letters and digits count,
/// because quotes, escapes and line ends may separate them.
fn shares_a_part(text: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let (letters, secret_letters) = (letters(text), letters(secret));
    let part = SECRET_PART.min(secret_letters.len());
    if part == 0 {
        return text.contains(secret);
    }
    let shown: HashSet<&[u8]> = letters.windows(part).collect();
    secret_letters.windows(part).any(|part| shown.contains(part))
}

fn letters(text: &str) -> Zeroizing<Vec<u8>> {
    let mut letters = Zeroizing::new(Vec::with_capacity(text.len()));
    letters.extend(text.bytes().filter(u8::is_ascii_alphanumeric));
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitStatus;

    const SECRET: &str = "{\n  \"token\": \"eyJhbGciOiJub25lIn0.canary\"\n}";

    fn outcome(stdout: &[u8], stderr: &[u8]) -> Outcome {
        let (stdout, stderr) = (stdout.to_vec().into(), stderr.to_vec().into());
        Outcome { status: ExitStatus::default(), stdout, stderr }
    }

    #[track_caller]
    fn says(stdout: &str, stderr: &str, message: &str) {
        assert_eq!(refusal(&outcome(stdout.as_bytes(), stderr.as_bytes()), SECRET), message);
    }

    // threats 192
    #[test]
    fn message_is_one_line_of_stdout_or_stderr() {
        says(
            "pass not initialized: exit status 1\n\n",
            "noise",
            "pass not initialized: exit status 1",
        );
        says("two\nlines", "", "two lines");
        says(" \n", "\n \nno session\nat bus.c:7\n", "no session");
        says("\u{1b}[2Jlocked\u{202e}\u{7}", "", "[2Jlocked");
        says(&"é".repeat(300), "", &format!("{}…", "é".repeat(199)));
        let broken = refusal(&outcome(b"l\xffcked", b""), "");
        assert_eq!(broken, "l\u{fffd}cked");
    }

    #[test]
    fn message_without_output_is_the_exit_status() {
        says("", "", &ExitStatus::default().to_string());
    }

    // threats 195
    #[test]
    fn message_with_a_secret_is_withheld() {
        says(SECRET, "", WITHHELD);
        says("", &format!("cannot keep {SECRET:?}"), WITHHELD);
        says("bad value: eyJhbGciOiJu", "", WITHHELD);
        says("bad value: eyJhb\r\nGciOiJ\tub", "", WITHHELD);
        says("bad value: eyJhbGciOiJ", "", "bad value: eyJhbGciOiJ");
        says("cannot parse {\"ServerURL\":\"u\",\"Secret\":\"ab", "", WITHHELD);
    }

    // threats 195
    #[test]
    fn short_secret_is_withheld() {
        for (text, secret, withheld) in [
            ("wrong: pin4711", "pin-4711", true),
            ("wrong: pin471", "pin-4711", false),
            ("wrong: ?!", "?!", true),
            ("wrong: ?", "?!", false),
            ("wrong", "", false),
        ] {
            let message = refusal(&outcome(text.as_bytes(), b""), secret);
            assert_eq!(message == WITHHELD, withheld, "{text} {secret}");
        }
    }

    #[test]
    fn only_the_protocol_message_means_not_found() {
        let found = "credentials not found in native keychain";
        for (stdout, stderr, absent) in [
            (format!("{found}\n"), String::new(), true),
            (String::new(), format!("Error: {found}\n"), true),
            (format!("gpg: warning\n{found}"), String::new(), true),
            ("Credentials not found in native keychain".to_owned(), String::new(), false),
            ("credentials not found".to_owned(), String::new(), false),
        ] {
            let outcome = outcome(stdout.as_bytes(), stderr.as_bytes());
            assert_eq!(says_not_found(&outcome), absent, "{stdout} {stderr}");
        }
    }
}
