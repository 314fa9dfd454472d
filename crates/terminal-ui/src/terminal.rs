use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use printable::{excerpt, one_line};

use crate::capabilities::Capabilities;
use crate::hint::with_plain_spaces;
use crate::human_time::in_words;
use crate::qr::QrCode;
use crate::size::{columns, columns_and_rows};
use crate::status_line::{StatusLine, suspend_status_line};
use crate::style::{EMPHASIS, ERROR, HINT, SUCCESS, URL, WARNING};
use crate::tty::is_background_job;
use crate::wrap::{WrapOptions, wrap};

/// Standard error, which the user reads.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    capabilities: Capabilities,
}

impl Terminal {
    /// Standard error, with these capabilities.
    #[must_use]
    pub fn new(capabilities: Capabilities) -> Self {
        Self { capabilities }
    }

    /// Prints a sentence.
    pub fn say(self, text: &str) {
        self.line("", Style::new(), text, Style::new());
    }

    /// Prints a sentence about a success.
    pub fn success(self, text: &str) {
        self.line("", Style::new(), text, SUCCESS);
    }

    /// Prints a warning.
    pub fn warn(self, text: &str) {
        self.line("warning: ", WARNING, text, Style::new());
    }

    /// Prints an error, and a hint.
    pub fn error(self, text: &str, hint: Option<&str>) {
        self.line("error: ", ERROR, text, EMPHASIS);
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// Prints a hint about the line before.
    pub fn hint(self, text: &str) {
        self.line("hint: ", HINT, text, Style::new());
    }

    /// Prints a command for the user to run, alone on its line.
    pub fn command(self, line: &str) {
        self.write(&format!("    {}\n", one_line(line)));
    }

    /// Prints a code to type elsewhere, alone between empty lines.
    pub fn code(self, code: &str) {
        self.write(&format!("\n    {EMPHASIS}{}{EMPHASIS:#}\n\n", one_line(code)));
    }

    /// Prints a URL to open, alone between empty lines.
    pub fn url(self, url: &str) {
        let url = one_line(url);
        let is_link = self.has_hyperlinks() && url.bytes().all(|b| b.is_ascii_graphic());
        let (begin, end) = match is_link {
            true => (format!("\x1b]8;;{url}\x1b\\"), "\x1b]8;;\x1b\\"),
            false => (String::new(), ""),
        };
        self.write(&format!("\n{begin}{URL}{url}{URL:#}{end}\n\n"));
    }

    /// Links are escape sequences, so they need colors to be on.
    fn has_hyperlinks(self) -> bool {
        self.is_interactive() && self.has_colors() && self.capabilities.hyperlinks
    }

    /// Prints the URL as a QR code that leaves `rows_below` rows free, or a warning if that is not possible.
    pub fn qr(self, url: &str, rows_below: usize) {
        match self.qr_code(url, rows_below) {
            Ok(code) => self.write(&code.draw(self.has_colors())),
            Err(problem) => self.warn(&format!("no QR code: {problem}")),
        }
    }

    fn qr_code(self, url: &str, rows_below: usize) -> Result<QrCode, String> {
        if !self.is_interactive() {
            return Err("it needs a terminal".to_owned());
        }
        if !self.capabilities.utf8 {
            return Err("it needs a terminal that supports UTF-8".to_owned());
        }
        let code = QrCode::new(url).ok_or("the address is too long")?;
        let needed = (code.columns(), code.rows() + rows_below);
        match columns_and_rows() {
            Some(size) if size.0 < needed.0 || size.1 < needed.1 => Err(format!(
                "it needs {} columns and {} rows, and the terminal has {} and {}",
                needed.0, needed.1, size.0, size.1
            )),
            _ => Ok(code),
        }
    }

    /// Shows what the program waits for, until the result is dropped: on a terminal as a status line that counts
    /// down to the limit, otherwise as a sentence.
    pub fn status_line(self, text: &str, limit: Option<Duration>) -> StatusLine {
        if !self.has_user() {
            self.say(&match limit {
                Some(limit) => format!("{text}, up to {}. Ctrl-C cancels.", in_words(limit)),
                None => format!("{text}."),
            });
        }
        match self.is_interactive() {
            true => StatusLine::begin(text, limit, self.capabilities.symbols),
            false => StatusLine::none(),
        }
    }

    /// Whether standard error gets colors and other escape sequences.
    #[must_use]
    pub fn has_colors(self) -> bool {
        self.capabilities.colors
    }

    /// Whether prompts are possible: standard error is a terminal that can move its cursor.
    #[must_use]
    pub fn is_interactive(self) -> bool {
        io::stderr().is_terminal() && self.capabilities.cursor
    }

    /// Whether a user watches standard error: it is interactive, and the program is not a background job.
    #[must_use]
    pub fn has_user(self) -> bool {
        self.is_interactive() && !is_background_job(io::stderr())
    }

    fn line(self, label: &str, label_style: Style, text: &str, style: Style) {
        /// The longest sentence that is printed in full.
        const MAX_CHARS: usize = 1000;
        let text = excerpt(text, MAX_CHARS);
        let text = match columns() {
            Some(width) => wrap(&text, WrapOptions::beside(label, width)),
            None => with_plain_spaces(&text),
        };
        self.write(&format!("{label_style}{label}{label_style:#}{style}{text}{style:#}\n"));
    }

    fn write(self, text: &str) {
        let colors = if self.has_colors() { ColorChoice::Always } else { ColorChoice::Never };
        let write = || AutoStream::new(io::stderr().lock(), colors).write_all(text.as_bytes());
        // A closed standard error is not an error.
        let _ = suspend_status_line(write);
    }
}

/// Standard error for log lines.
#[derive(Clone, Copy, Debug)]
pub struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        suspend_status_line(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
