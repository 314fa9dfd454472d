//! What a person sees. The rules of the terminal:
//!
//! - It is on standard error; results go to standard output, which [`output`](crate::output) has.
//! - Whatever comes from outside is cleaned on its way out, here and nowhere else: no control
//!   character, nothing that reorders or hides text, and no more of it than fits a few lines.
//! - An address stands alone on its line and is never broken, so that it can be copied.
//! - Colour adds emphasis and never meaning; it follows `NO_COLOR`, `CLICOLOR_FORCE` and `--color`.
//! - A standard error that cannot be written is no reason to fail.
//! - Nothing here panics when the reader is gone.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use printable::{excerpt, one_line};

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
        Self { color: color.choice() }
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

    fn line(self, label: &str, label_style: Style, text: &str, style: Style) {
        let text = excerpt(text, LONGEST);
        self.write(&format!("{label_style}{label}{label_style:#}{style}{text}{style:#}\n"));
    }

    fn write(self, text: &str) {
        // Whoever closed standard error does not want to hear that it is closed.
        let _ = AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
    }
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
