//! A simulated user at a terminal. In addition to the checks of every run, a run on a terminal
//! writes only harmless escape sequences and restores the terminal.

mod escapes;
mod line;
mod screen;

use std::cell::Cell;
use std::ops::Deref;

use rustix::termios::Termios;

pub(super) use escapes::Escapes;
pub(crate) use screen::{CellStyle, Screen};

use super::capture::{Capture, Seen};
use super::{Finished, Running, Start, scan};
use line::Line;

/// A run on its own controlling terminal.
pub(crate) struct TerminalRun<'w> {
    running: Running<'w>,
    shown: Capture,
    line: Line,
    before: Termios,
    has_typed: Cell<bool>,
}

impl<'w> Deref for TerminalRun<'w> {
    type Target = Running<'w>;

    fn deref(&self) -> &Self::Target {
        &self.running
    }
}

impl<'w> Start<'w> {
    /// Starts the program with all streams on a terminal of this size. `TERM` and `LANG` have
    /// common values unless set.
    #[track_caller]
    pub(crate) fn on_terminal(self, columns: u16, rows: u16) -> TerminalRun<'w> {
        self.at(columns, rows, false)
    }

    /// The same with standard output captured, as in `TOKEN=$(login-cli …)`.
    #[track_caller]
    pub(crate) fn captured_on_terminal(self, columns: u16, rows: u16) -> TerminalRun<'w> {
        self.at(columns, rows, true)
    }

    #[track_caller]
    fn at(self, columns: u16, rows: u16, is_captured: bool) -> TerminalRun<'w> {
        let (line, other) = Line::open(columns, rows);
        let before = line.modes();
        let shown = Capture::shown(line.output(), Screen::new(columns, rows));
        let streams = [(); 3].map(|()| other.stream());
        // From here on, only the program has the slave side open.
        drop(other);
        let running = self.start_on(streams, is_captured, shown.clone());
        TerminalRun { running, shown, line, before, has_typed: Cell::new(false) }
    }
}

impl TerminalRun<'_> {
    /// Types these keys; Enter is `\r`, Ctrl-C is `\x03`.
    pub(crate) fn types(&self, keys: &str) {
        self.pastes(keys);
    }

    /// Types any bytes.
    pub(crate) fn pastes(&self, bytes: impl AsRef<[u8]>) {
        self.has_typed.set(true);
        self.line.types(bytes.as_ref());
    }

    /// Waits until the screen contains this text.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        self.shows_when(text, |screen| screen.contains(text));
    }

    /// Waits until the screen contains this sentence, ignoring line breaks.
    #[track_caller]
    pub(crate) fn reads(&self, sentence: &str) {
        self.reads_times(sentence, 1);
    }

    /// Waits until the screen contains it this many times.
    #[track_caller]
    pub(crate) fn reads_times(&self, sentence: &str, times: usize) {
        self.shows_when(sentence, |screen| occurrences(screen, sentence) >= times);
    }

    /// How often the screen contains this sentence.
    pub(crate) fn times(&self, sentence: &str) -> usize {
        occurrences(&self.screen(), sentence)
    }

    /// Waits until the screen no longer contains this text.
    #[track_caller]
    pub(crate) fn shows_no(&self, text: &str) {
        self.shows_when(&format!("screen without {text}"), |screen| !screen.contains(text));
    }

    #[track_caller]
    fn shows_when(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let look = |seen: &Seen| is_so(&seen.screen.as_ref()?.text()).then_some(());
        let is_shown = self.shown.look(look).is_some();
        assert!(is_shown, "no {what:?}; there is:\n{}", self.screen());
    }

    /// The rows of the screen without trailing blanks.
    pub(crate) fn screen(&self) -> String {
        self.now(|screen| screen.text())
    }

    /// The rows, each with a copy that has style names.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        self.now(|screen| screen.text().lines().map(str::to_owned).zip(screen.marked()).collect())
    }

    /// Waits for the end of the output.
    #[track_caller]
    pub(crate) fn ends(&self) {
        assert!(self.shown.whole().is_some(), "no end; there is:\n{}", self.screen());
    }

    /// The style of the first place where a row contains this text.
    #[track_caller]
    pub(crate) fn style_of(&self, text: &str) -> CellStyle {
        let look = self.now(|screen| screen.style_of(text));
        look.unwrap_or_else(|| panic!("no {text:?}; there is:\n{}", self.screen()))
    }

    /// The style of a cell, counted from 0.
    pub(crate) fn style_at(&self, row: u16, column: u16) -> Option<CellStyle> {
        self.now(|screen| screen.style_at(row, column))
    }

    fn now<T>(&self, look: impl FnOnce(&mut Screen) -> T) -> T {
        self.shown.now(|seen| look(seen.screen.as_mut().unwrap()))
    }

    /// All written bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.shown.now(|seen| seen.bytes.clone())
    }

    /// Changes the size of the window.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.now(|screen| screen.resize(columns, rows));
        self.line.resize(columns, rows);
    }

    /// Restores the initial terminal modes, as a shell does when the program is suspended.
    pub(crate) fn shell_takes_the_terminal(&self) {
        self.line.set_modes(&self.before);
    }

    /// Whether echo is on.
    pub(crate) fn echoes(&self) -> bool {
        self.line.echoes()
    }

    /// Waits for the end and checks the run and the terminal. `stderr` is all text that was written
    /// and not erased.
    #[track_caller]
    pub(crate) fn finish(self) -> Finished {
        let (world, allowed) = (self.running.world, self.running.allowed);
        let finished = self.running.finish();
        let (bytes, left_behind) = self.shown.now(|seen| {
            let screen = seen.screen.as_ref().unwrap();
            (seen.bytes.clone(), screen.left_behind(self.has_typed.get()))
        });
        scan::assert_terminal_invariants(world, &Escapes::parse(&bytes), allowed);
        assert_eq!(left_behind, None, "the end of: {}", finished.stderr);
        let modes = |it: &Termios| (it.input_modes, it.output_modes, it.local_modes);
        let after = self.line.modes();
        assert_eq!(modes(&after), modes(&self.before), "the terminal is not as it was");
        finished
    }
}

/// Counts occurrences, ignoring line breaks.
fn occurrences(screen: &str, sentence: &str) -> usize {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat(screen).matches(&flat(sentence)).count()
}
