use std::collections::HashSet;

use zeroize::Zeroizing;

use crate::run::Outcome;

/// The words of the protocol for an entry that is not there.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// What stands for words that are not shown.
const WITHHELD: &str = "(its words are withheld, because they repeat a secret)";

/// The longest that a helper is quoted, in characters.
const LONGEST: usize = 200;

/// So many letters and digits of a secret, one after the other, are a part of it and no chance.
const PART: usize = 12;

/// Whether the helper says, in the words of the protocol, that there is no such entry.
///
/// They are compared letter by letter, as Docker does; other than there, something may stand before
/// them, because not every helper is a program of Go that prints its error alone.
pub(crate) fn says_not_found(outcome: &Outcome) -> bool {
    let says = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(NOT_FOUND);
    says(&outcome.stdout) || says(&outcome.stderr)
}

/// Why the helper failed, in its own words: on standard output, where the protocol has them, or in
/// the first line of standard error. `secret` is what it was given to store.
pub(crate) fn refusal(outcome: &Outcome, secret: &str) -> String {
    let said = String::from_utf8_lossy(&outcome.stdout);
    let complained = String::from_utf8_lossy(&outcome.stderr);
    let words = [said.as_ref()].into_iter().chain(complained.lines());
    let shown = words.map(|text| (text, printable::excerpt(text, LONGEST)));
    match shown.into_iter().find(|(_, shown)| !shown.is_empty()) {
        None => outcome.status.to_string(),
        Some((text, shown)) if repeats(text, &shown, secret) => WITHHELD.to_owned(),
        Some((_, shown)) => shown,
    }
}

/// Whether a secret would be shown: the one that the helper was given, or one in an entry, its own
/// answer or ours, whole or cut off.
fn repeats(text: &str, shown: &str, secret: &str) -> bool {
    text.contains("\"Secret\"") || shares_a_part(shown, secret)
}

/// Whether `text` has a part of `secret`, or all of it where it is short. Only letters and digits
/// count, so that quotes, escapes and line ends between them hide nothing.
fn shares_a_part(text: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let (letters, secret_letters) = (letters(text), letters(secret));
    let part = PART.min(secret_letters.len());
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
