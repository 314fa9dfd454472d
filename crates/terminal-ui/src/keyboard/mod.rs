//! Reads the keyboard on a thread.
//!
//! The thread does not read while the program is a background job: the system would stop the program, and the input
//! belongs to another program.

mod hidden_line;
mod line_editor;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, sleep};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::hidden_input::{self, HiddenInput};
use crate::status_line::show_typed;
use crate::tty::{has_user, is_background_job};
use line_editor::{END, Expected, LineEditor};
#[cfg(unix)]
use unix::Keys;
#[cfg(not(unix))]
use windows::Keys;

pub use hidden_line::read_hidden_line;

/// What the user typed.
pub enum Input {
    /// A line. It may be a secret, and may be invalid UTF-8.
    Line(Zeroizing<Vec<u8>>),
    /// The shortcut.
    Shortcut,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line(_) => "Line([redacted])",
            Self::Shortcut => "Shortcut",
        })
    }
}

/// The keyboard, until this is dropped. Typed characters are not shown; the status line counts them.
#[derive(Debug)]
#[must_use = "dropping it ends the input"]
pub struct Keyboard {
    has_ended: Arc<AtomicBool>,
    _hidden: HiddenInput,
}

/// How often the thread checks for the end and for the foreground job.
const TICK: Duration = Duration::from_millis(250);

/// A longer pause ends a paste. Typing is slower.
const PAUSE: Duration = Duration::from_millis(50);

impl Keyboard {
    /// Listens for a URL, and for a shortcut key without Enter. `None` without a terminal, and as a background job.
    ///
    /// On Windows, the first keys after the end can be lost: a console has no read with a timeout.
    pub fn listen(
        shortcut: Option<char>,
        on_input: impl Fn(Input) + Send + 'static,
    ) -> Option<Self> {
        if !has_user() {
            return None;
        }
        let on_input = move |input: io::Result<Input>| input.into_iter().for_each(&on_input);
        Self::start(Expected::Url { shortcut }, on_input).ok()
    }

    fn start(
        expected: Expected,
        on_input: impl Fn(io::Result<Input>) + Send + 'static,
    ) -> io::Result<Self> {
        let keys = Keys::open()?;
        let _hidden = HiddenInput::begin();
        let has_ended = Arc::new(AtomicBool::new(false));
        let editor = LineEditor::new(expected);
        let mut listener = Listener { has_ended: has_ended.clone(), keys, editor, on_input };
        Builder::new().name("keyboard".into()).spawn(move || listener.run())?;
        Ok(Self { has_ended, _hidden })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }
}

struct Listener<F> {
    has_ended: Arc<AtomicBool>,
    keys: Keys,
    editor: LineEditor,
    on_input: F,
}

impl<F: Fn(io::Result<Input>)> Listener<F> {
    /// Runs until the end, or until the terminal is closed.
    fn run(&mut self) {
        if let Err(error) = self.read_until_end() {
            (self.on_input)(Err(error));
        }
        show_typed(0);
    }

    fn read_until_end(&mut self) -> io::Result<()> {
        let mut is_burst = false;
        while let Some(has_key) = self.wait(is_burst)? {
            match has_key {
                true => self.read()?,
                false => self.pause(),
            }
            is_burst = has_key;
            show_typed(self.editor.len());
        }
        Ok(())
    }

    /// Whether there is a key to read; `None` at the end.
    fn wait(&mut self, is_burst: bool) -> io::Result<Option<bool>> {
        let has_key = !self.has_ended() && self.keys.wait(if is_burst { PAUSE } else { TICK })?;
        if self.has_ended() {
            // New input belongs to the next reader.
            return Ok(None);
        }
        if has_key && is_background_job(io::stdin()) {
            sleep(TICK);
            return Ok(Some(false));
        }
        Ok(Some(has_key))
    }

    fn read(&mut self) -> io::Result<()> {
        let mut bytes = Zeroizing::new([0; 1024]);
        match self.keys.read(bytes.as_mut_slice()) {
            // The terminal is closed, or has line editing and the user pressed Ctrl-D.
            Ok(0) => {
                self.editor.push(&[END]);
                self.pause();
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(count) => {
                self.editor.push(&bytes[..count]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Passes complete input on.
    fn pause(&mut self) {
        if let Some(input) = self.editor.pause() {
            (self.on_input)(Ok(input));
        }
        hidden_input::reapply();
    }

    fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_is_redacted() {
        let line = Input::Line(Zeroizing::new(b"sk-1".to_vec()));
        assert_eq!(format!("{line:?} {:?}", Input::Shortcut), "Line([redacted]) Shortcut");
    }
}
