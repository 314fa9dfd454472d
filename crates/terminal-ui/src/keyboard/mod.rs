//! The person's keyboard, read on a thread of its own.
//!
//! The thread looks before it reads: a job in the background that reads from its terminal would be
//! stopped, and what is typed then is meant for another program.

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
use crate::tty::{has_person, is_background_job};
use line_editor::{END, Expected, LineEditor};
#[cfg(unix)]
use unix::Keys;
#[cfg(not(unix))]
use windows::Keys;

pub use hidden_line::read_hidden_line;

/// What a person typed.
pub enum Input {
    /// A line, which may be a secret and need not be text.
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

/// The person's keyboard, until this is dropped. It hides what is typed; the status line says how much
/// it is.
#[derive(Debug)]
#[must_use = "the keyboard is given back when this is dropped"]
pub struct Keyboard {
    is_over: Arc<AtomicBool>,
    _hidden: HiddenInput,
}

/// How often the thread checks whether the terminal is ours, and whether it is over.
const TICK: Duration = Duration::from_millis(250);

/// A paste has no pause that is longer, and nobody types faster.
const PAUSE: Duration = Duration::from_millis(50);

impl Keyboard {
    /// Listens for a URL, and for a key that needs no Enter. `None` if nobody can be asked: there is no
    /// terminal, another job has it, or it is a console of Windows, which shows what is typed.
    pub fn listen(
        shortcut: Option<char>,
        on_input: impl Fn(Input) + Send + 'static,
    ) -> Option<Self> {
        if cfg!(not(unix)) || !has_person() {
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
        let is_over = Arc::new(AtomicBool::new(false));
        let editor = LineEditor::new(expected);
        let mut listener = Listener { is_over: is_over.clone(), keys, editor, on_input };
        Builder::new().name("keyboard".into()).spawn(move || listener.run())?;
        Ok(Self { is_over, _hidden })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

struct Listener<F> {
    is_over: Arc<AtomicBool>,
    keys: Keys,
    editor: LineEditor,
    on_input: F,
}

impl<F: Fn(io::Result<Input>)> Listener<F> {
    /// Runs until it is over, or the terminal is gone.
    fn run(&mut self) {
        if let Err(error) = self.read_until_over() {
            (self.on_input)(Err(error));
        }
        show_typed(0);
    }

    fn read_until_over(&mut self) -> io::Result<()> {
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

    /// Whether there is a key to read; `None` when it is over.
    fn wait(&self, is_burst: bool) -> io::Result<Option<bool>> {
        let has_key = !self.is_over() && self.keys.wait(if is_burst { PAUSE } else { TICK })?;
        if self.is_over() {
            // What comes now is for the next reader.
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
            // The terminal is gone, or it could not be hidden and the person pressed Ctrl-D.
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

    /// Hands over what is complete.
    fn pause(&mut self) {
        if let Some(input) = self.editor.pause() {
            (self.on_input)(Ok(input));
        }
        hidden_input::reapply();
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_a_line() {
        let line = Input::Line(Zeroizing::new(b"sk-1".to_vec()));
        assert_eq!(format!("{line:?} {:?}", Input::Shortcut), "Line([redacted]) Shortcut");
    }
}
