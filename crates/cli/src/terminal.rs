//! What a person sees. The rules of the terminal:
//!
//! - Results go to standard output, everything for people to standard error.
//! - Whatever comes from outside is cleaned on its way out, here and nowhere else: no control
//!   character, nothing that reorders or hides text, and no more of it than fits a few lines.
//! - An address stands alone on its line and is never broken, so that it can be copied.
//! - Colour adds emphasis and never meaning; it follows `NO_COLOR`, `CLICOLOR_FORCE` and `--color`.
//! - A standard error that cannot be written is no reason to fail; a standard output that cannot be
//!   written is, because somebody waits for the result.
//! - Nothing here panics when the reader is gone.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use printable::{excerpt, one_line};
use serde_json::Value;

use crate::args::Color;
use crate::environment;

pub(crate) const EMPHASIS: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const CAUTION: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const ADVICE: Style = AnsiColor::Cyan.on_default().bold();
const ADDRESS: Style = Style::new().underline();

/// The screen of one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    pub(crate) fn new(color: Color) -> Self {
        let color = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { color }
    }

    /// A sentence.
    pub(crate) fn say(self, text: &str) {
        self.line("", Style::new(), text, Style::new());
    }

    /// A sentence that ends something well.
    pub(crate) fn done(self, text: &str) {
        self.line("", Style::new(), text, GOOD);
    }

    /// Something that the person should know and that ends nothing.
    pub(crate) fn warn(self, text: &str) {
        self.line("warning: ", CAUTION, text, Style::new());
    }

    /// An address to open, alone between empty lines.
    pub(crate) fn address(self, url: &str) {
        self.write(&format!("\n{ADDRESS}{}{ADDRESS:#}\n\n", one_line(url)));
    }

    /// A code to type elsewhere, alone on its line.
    pub(crate) fn code(self, code: &str) {
        self.write(&format!("    {EMPHASIS}{}{EMPHASIS:#}\n\n", one_line(code)));
    }

    /// Whether a person reads it who may be asked something: whoever has a simpler terminal, such as
    /// one in an editor, is asked nothing.
    pub(crate) fn is_interactive(self) -> bool {
        io::stderr().is_terminal() && environment::has_able_terminal()
    }

    /// A command for the person to run, alone on its line.
    pub(crate) fn command(self, line: &str) {
        self.write(&format!("    {}\n", one_line(line)));
    }

    /// What went wrong, and what can be done.
    pub(crate) fn fail(self, what: &str, hint: Option<&str>) {
        self.line("error: ", BAD, what, EMPHASIS);
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// What can be done about the line before.
    pub(crate) fn hint(self, text: &str) {
        self.line("hint: ", ADVICE, text, Style::new());
    }

    /// A result that has styles in it, with its line breaks, on standard output.
    ///
    /// # Errors
    ///
    /// Like [`result`].
    pub(crate) fn styled_result(self, text: &str) -> io::Result<()> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    fn line(self, label: &str, label_style: Style, text: &str, style: Style) {
        let text = excerpt(text, LONGEST);
        self.write(&format!("{label_style}{label}{label_style:#}{style}{text}{style:#}\n"));
    }

    fn write(self, text: &str) {
        // Whoever closed standard error does not want to hear that it is closed.
        let _ = AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
    }
}

/// Finds out whether somebody can get the result, before it is made.
///
/// A standard output that was closed is `/dev/null` by now, opened by Rust's runtime for reading and
/// writing; one that a person sent there is open for writing alone.
///
/// # Errors
///
/// That it is closed.
#[cfg(unix)]
pub(crate) fn check_result_can_be_printed() -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    let stdout = io::stdout();
    let is_null = fstat(&stdout)?.st_rdev == stat("/dev/null")?.st_rdev;
    let is_for_both = fcntl_getfl(&stdout)?.contains(OFlags::RDWR);
    if is_null && is_for_both { Err(io::Error::other("it is closed")) } else { Ok(()) }
}

/// Finds out whether somebody can get the result, before it is made.
#[cfg(not(unix))]
pub(crate) fn check_result_can_be_printed() -> io::Result<()> {
    Ok(())
}

/// Puts `text` and a line break on standard output, to the last byte.
///
/// # Errors
///
/// What the system says: a reader that is gone, or a full disk.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// A JSON document in one line. What JSON may hold as it is and a terminal would obey, or nobody would
/// see, is escaped as well; outside of texts there is none of it.
pub(crate) fn as_json(document: &Value) -> String {
    let mut text = String::new();
    for c in document.to_string().chars() {
        match c {
            ' ' => text.push(c),
            _ if !one_line(c.encode_utf8(&mut [0; 4])).is_empty() => text.push(c),
            _ => {
                let escaped = |unit: &u16| format!("\\u{unit:04x}");
                text.extend(c.encode_utf16(&mut [0; 2]).iter().map(escaped));
            }
        }
    }
    text
}

/// `15 minutes`, `90 seconds`: the largest unit that needs no fraction.
pub(crate) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0 => return format!("{} ms", time.as_millis()),
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `in 47 minutes`, `3 days ago`: as much as a person wants to know.
pub(crate) fn from_now(time: Timestamp, now: Timestamp) -> String {
    let away = time.duration_since(now);
    let Some(words) = roughly(away.unsigned_abs()) else { return "just now".to_owned() };
    if away.is_negative() { format!("{words} ago") } else { format!("in {words}") }
}

/// `47 minutes`, in the largest unit that it reaches; `None` for less than a second.
pub(crate) fn roughly(time: Duration) -> Option<String> {
    let units = [(86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.iter().find(|(size, _)| time.as_secs() >= *size)?;
    let count = time.as_secs() / size;
    Some(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
}

/// Longer than any sentence of ours with a remote text in it.
const LONGEST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_its_largest_whole_unit() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(words(900), "15 minutes");
        assert_eq!(words(60), "1 minute");
        assert_eq!(words(90), "90 seconds");
        assert_eq!(words(7200), "2 hours");
        assert_eq!(in_words(Duration::from_millis(250)), "250 ms");
    }

    // threats 192 209
    #[test]
    fn json_holds_nothing_that_a_terminal_obeys_and_means_the_same() {
        let value =
            serde_json::json!({"a b\u{7f}": "\u{1b}\u{9b}31m \u{202e}\u{e0041}\u{2028}é🔑"});
        let text = as_json(&value);
        let expected = r#"{"a b\u007f":"\u001b\u009b31m \u202e\udb40\udc41\u2028é🔑"}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_moment_is_said_by_its_distance() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |time: &str| from_now(time.parse().unwrap(), now);
        assert_eq!(at("2026-11-21T12:00:00Z"), "just now");
        assert_eq!(at("2026-11-21T12:00:01Z"), "in 1 second");
        assert_eq!(at("2026-11-21T12:47:59Z"), "in 47 minutes");
        assert_eq!(at("2026-11-21T09:00:00Z"), "3 hours ago");
        assert_eq!(at("2026-12-01T12:00:00Z"), "in 10 days");
    }
}
