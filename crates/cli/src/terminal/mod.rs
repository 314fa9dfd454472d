//! What a person sees. The rules of the terminal:
//!
//! - It is on standard error; results go to standard output, which [`output`](crate::output) has.
//! - Whatever comes from outside is cleaned on its way out, here and nowhere else: no control
//!   character, nothing that reorders or hides text, and no more of it than fits a few lines.
//! - An address stands alone on its line and is never broken, so that it can be copied; nor is a
//!   command of ours. Where the terminal knows hyperlinks, the address is one, and in full all the same.
//! - On a terminal, a sentence ends its lines between words, whatever the width; elsewhere it is one
//!   line.
//! - While something is waited for, the last line says what and how long, and what else is said goes
//!   above it. When it is over, no trace of it is left. A terminal that can only print one line after
//!   another gets a sentence.
//! - Colour adds emphasis and never meaning; it follows `NO_COLOR`, `CLICOLOR_FORCE` and `--color`.
//! - Nothing is done to the terminal that a program which is killed would have to undo; but what is
//!   typed is hidden where it is a secret, and a [menu](crate::menu) has a screen of its own.
//! - A standard error that cannot be written is no reason to fail.
//! - Nothing here panics when the reader is gone.

mod qr;
mod status_line;
mod time;
mod wrap;

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
// How many columns a terminal gives to a text.
use dialoguer::console::measure_text_width as width;
use printable::{excerpt, one_line};

use crate::args::Color;
use crate::environment;
use crate::hint::plain;
use qr::Picture;
use status_line::is_in_foreground;

#[cfg(unix)]
pub(crate) use status_line::show_typed;
pub(crate) use status_line::{StatusLine, above, let_go};
pub(crate) use time::{from_now, in_words, roughly};
pub(crate) use wrap::{Page, wrapped};

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
        let url = one_line(url);
        let (begin, end) = match self.has_hyperlinks() && url.bytes().all(|b| b.is_ascii_graphic())
        {
            true => (format!("\x1b]8;;{url}\x1b\\"), "\x1b]8;;\x1b\\"),
            false => (String::new(), ""),
        };
        self.write(&format!("\n{begin}{ADDRESS}{url}{ADDRESS:#}{end}\n\n"));
    }

    /// They come with colours, or not at all.
    fn has_hyperlinks(self) -> bool {
        self.is_interactive() && self.has_colors() && environment::has_hyperlinks()
    }

    /// Whether standard error gets colours, and what comes with them.
    pub(crate) fn has_colors(self) -> bool {
        AutoStream::new(io::stderr(), self.color).current_choice() != ColorChoice::Never
    }

    /// The same address as a QR code, which so many rows will stand below; or why there is none, which
    /// ends nothing.
    pub(crate) fn qr(self, url: &str, below: usize) {
        match self.picture(url, below) {
            Ok(picture) => self.write(&picture.drawn(self.has_colors())),
            Err(problem) => self.warn(&format!("no QR code: {problem}")),
        }
    }

    fn picture(self, url: &str, below: usize) -> Result<Picture, String> {
        if !self.is_interactive() {
            return Err("it needs a terminal".to_owned());
        }
        if !environment::speaks_utf8() {
            return Err("it needs a terminal that speaks UTF-8".to_owned());
        }
        let picture = Picture::of(url).ok_or("the address is too long")?;
        let needed = (picture.columns(), picture.rows() + below);
        match size() {
            Some(size) if size.0 < needed.0 || size.1 < needed.1 => Err(format!(
                "it needs {} columns and {} rows, and the terminal has {} and {}",
                needed.0, needed.1, size.0, size.1
            )),
            _ => Ok(picture),
        }
    }

    /// Says what is waited for, as long as what this returns is held: on a terminal in a line that
    /// counts down to this limit, elsewhere in a sentence.
    pub(crate) fn status_line(self, text: &str, limit: Option<Duration>) -> StatusLine {
        if !self.is_interactive() || !is_in_foreground() {
            self.say(&match limit {
                Some(limit) => format!("{text}, up to {}. Ctrl-C cancels.", in_words(limit)),
                None => format!("{text}."),
            });
        }
        StatusLine::begin(self, text, limit)
    }

    /// A code to type elsewhere, alone on its line.
    pub(crate) fn code(self, code: &str) {
        self.write(&format!("\n    {EMPHASIS}{}{EMPHASIS:#}\n\n", one_line(code)));
    }

    /// Whether a person reads it who may be asked something: whoever has a simpler terminal, such as
    /// one in an editor, is asked nothing.
    pub(crate) fn is_interactive(self) -> bool {
        io::stderr().is_terminal() && environment::has_able_terminal()
    }

    /// Whether a person is there who can be told to do something, in this window or another one.
    pub(crate) fn has_person(self) -> bool {
        self.is_interactive() && is_in_foreground()
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
        let text = match columns() {
            Some(width) => wrapped(&text, Page::beside(label, width)),
            None => plain(&text),
        };
        self.write(&format!("{label_style}{label}{label_style:#}{style}{text}{style:#}\n"));
    }

    fn write(self, text: &str) {
        // Whoever closed standard error does not want to hear that it is closed.
        let write = || AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
        let _ = above(write);
    }
}

/// How many columns the person has; `None` where standard error is no terminal, or does not know.
fn columns() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// And how many rows.
fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stderr())?;
    Some((width.0.into(), height.0.into()))
}

/// Standard error for lines that are not sentences, such as those of a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        above(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Longer than any sentence of ours with a remote text in it.
const LONGEST: usize = 1000;
