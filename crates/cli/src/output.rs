//! What a program gets. The rules of standard output:
//!
//! - Nothing else writes to it. Everything for people goes to standard error.
//! - With `--json` it is one document in one line. A command that fails has one too; its `error` says
//!   what went wrong. `exec` alone has none when all is well, because the output is its program's.
//! - With `--json=stream` it is one object in each line: events as they happen, and the document last.
//! - Nothing follows the document. A key that was printed and could not be kept is in it, and only the
//!   exit code and standard error say the rest.
//! - A secret is in the document of a command that is for it, and in nothing else; never in an event.
//! - Control characters are escaped, so that the output is safe to look at in a terminal.
//! - A line is written whole and at once. If it cannot be written, the command fails: a program is
//!   waiting for it.
//! - An event that cannot be written ends the command soon, and so does a reader that closes its end of
//!   the pipe: the port is released. A single-use request that is under way is finished first; then
//!   writing the document fails.

use std::future::pending;
use std::io::{self, BufWriter, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::AutoStream;
use clap::ColorChoice;
use printable::one_line;
use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Value, json};
use terminal_ui::suspend_status_line;

use crate::args::{Json, color_choice};
use crate::stdout_watch::StdoutWatch;

/// The result cannot be written: the reader is gone, or the disk is full.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result to standard output")]
pub(crate) struct OutputError(#[from] pub(crate) io::Error);

/// Standard output, in the requested form.
#[derive(Debug)]
pub(crate) struct Output {
    json: Option<Json>,
    color: ColorChoice,
    /// Whether the document was written, or could not be.
    is_complete: AtomicBool,
    watch: StdoutWatch,
}

impl Output {
    pub(crate) fn new(json: Option<Json>, color: ColorChoice) -> Self {
        Self { json, color, is_complete: AtomicBool::new(false), watch: StdoutWatch::default() }
    }

    /// Whether a program follows what happens.
    pub(crate) fn is_stream(&self) -> bool {
        self.json == Some(Json::Stream)
    }

    /// Puts a result that is no JSON on standard output, with a line break; nothing with `--json`.
    ///
    /// # Errors
    ///
    /// What the system says: a reader that is gone, or a full disk.
    pub(crate) fn text<T: AsRef<str>>(&self, text: impl FnOnce() -> T) -> Result<(), OutputError> {
        if self.json.is_some() {
            return Ok(());
        }
        let text = text();
        let bytes = text.as_ref().as_bytes();
        Ok(suspend_status_line(|| {
            // In one call of the system: `head -n 1` is gone before a second one, and `pipefail` would
            // make that an error of the script.
            let mut stdout = BufWriter::with_capacity(bytes.len() + 1, io::stdout().lock());
            stdout.write_all(bytes)?;
            stdout.write_all(b"\n")?;
            stdout.flush()
        })?)
    }

    /// The same for a text that has styles in it, and its line breaks.
    ///
    /// # Errors
    ///
    /// Like [`text`](Self::text).
    pub(crate) fn styled(&self, text: &str) -> Result<(), OutputError> {
        if self.json.is_some() {
            return Ok(());
        }
        Ok(suspend_status_line(|| {
            let mut stdout = AutoStream::new(io::stdout().lock(), color_choice(self.color));
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        })?)
    }

    /// Puts the result on standard output with `--json`, and nothing else.
    ///
    /// # Errors
    ///
    /// Like [`text`](Self::text).
    pub(crate) fn document(&self, document: impl FnOnce() -> Value) -> Result<(), OutputError> {
        self.end(|json| match json {
            Json::Document => document(),
            Json::Stream => {
                let mut event = json!({ "event": "result" });
                // The macro would take a copy.
                event["result"] = document();
                event
            }
        })
    }

    /// The same for what went wrong, unless there is a document already.
    pub(crate) fn error(&self, error: &Value) {
        // If standard output is closed, the exit code still reports the failure.
        let _ = self.end(|json| match json {
            Json::Document => json!({ "error": error }),
            Json::Stream => json!({ "event": "error", "error": error }),
        });
    }

    /// Writes an event before the document, with `--json=stream`.
    pub(crate) fn event(&self, event: &Value) {
        if self.is_stream() && !self.is_complete.load(Ordering::Relaxed) {
            self.watch.event_written(json_line(event));
        }
    }

    /// Waits until the reader of the events is gone. It never returns after the document, or without
    /// `--json=stream`.
    pub(crate) async fn reader_closed(&self) -> OutputError {
        while self.is_stream() {
            let error = self.watch.reader_closed().await;
            if !self.is_complete.load(Ordering::Relaxed) {
                return OutputError(error);
            }
        }
        pending().await
    }

    fn end(&self, document: impl FnOnce(Json) -> Value) -> Result<(), OutputError> {
        let Some(json) = self.json else { return Ok(()) };
        if self.is_complete.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        Ok(json_line(&document(json))?)
    }
}

/// How many columns there are for a result; `None` where it goes to something other than a terminal.
pub(crate) fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into())
}

/// Fails if standard output is closed, so that a result which cannot be printed again is not made.
pub(crate) fn check_is_open() -> Result<(), OutputError> {
    if is_closed()? {
        Err(io::Error::other("it is closed, or goes nowhere").into())
    } else {
        Ok(())
    }
}

/// Rust's runtime opens `/dev/null` in place of a closed standard output, for reading and writing. A shell
/// opens it for writing only, but Python's `DEVNULL` and Node.js's `ignore` look like a closed one.
#[cfg(unix)]
fn is_closed() -> io::Result<bool> {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    // A container can lack all devices. The runtime would have ended the program if it had needed one.
    let Ok(null) = stat("/dev/null") else { return Ok(false) };
    let stdout = io::stdout();
    let is_null = fstat(&stdout)?.st_rdev == null.st_rdev;
    let is_for_both = fcntl_getfl(&stdout)?.contains(OFlags::RDWR);
    Ok(is_null && is_for_both)
}

#[cfg(not(unix))]
fn is_closed() -> io::Result<bool> {
    Ok(false)
}

/// Puts a JSON document on standard output, in one line. It is written piece by piece, because a list is
/// as large as a server makes it, and copies of it would be held side by side.
fn json_line(document: &Value) -> io::Result<()> {
    suspend_status_line(|| {
        let mut stdout = BufWriter::new(io::stdout().lock());
        document.serialize(&mut Serializer::with_formatter(&mut stdout, EscapeInvisible))?;
        stdout.write_all(b"\n")?;
        stdout.flush()
    })
}

/// Also escapes the control and invisible characters that JSON allows unescaped.
struct EscapeInvisible;

impl Formatter for EscapeInvisible {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut start = 0;
        for (place, c) in fragment.char_indices().filter(|(_, c)| is_escaped(*c)) {
            writer.write_all(&fragment.as_bytes()[start..place])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            start = place + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[start..])
    }
}

fn is_escaped(c: char) -> bool {
    c != ' ' && !c.is_ascii_graphic() && one_line(c.encode_utf8(&mut [0; 4])).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 192 209
    #[test]
    fn json_escapes_control_characters() {
        let value = json!({"a b\u{7f}": "\u{1b}\u{9b}31m \u{202e}\u{e0041}\u{2028}é🔑"});
        let mut written = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut written, EscapeInvisible)).unwrap();
        let text = String::from_utf8(written).unwrap();
        let expected = r#"{"a b\u007f":"\u001b\u009b31m \u202e\udb40\udc41\u2028é🔑"}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
