//! A person at a terminal. Beside what is held against every run, one at a terminal writes nothing
//! that a terminal of somebody's would not forgive, and gives it back as it was.

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

/// A run whose controlling terminal a test plays the person at.
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
    /// Starts it with all its streams on a terminal of this size, of a common kind unless `TERM` and
    /// `LANG` are set.
    #[track_caller]
    pub(crate) fn on_terminal(self, columns: u16, rows: u16) -> TerminalRun<'w> {
        self.at(columns, rows, false)
    }

    /// The same with standard output elsewhere, as in `TOKEN=$(login-cli …)`.
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
        // Nobody but the program has its end of the terminal open from here on.
        drop(other);
        let running = self.start_on(streams, is_captured, shown.clone());
        TerminalRun { running, shown, line, before, has_typed: Cell::new(false) }
    }
}

impl TerminalRun<'_> {
    /// Presses these keys; Enter is `\r`, Ctrl-C is `\x03`.
    pub(crate) fn types(&self, keys: &str) {
        self.pastes(keys);
    }

    /// The same with any bytes, as many as there are.
    pub(crate) fn pastes(&self, bytes: impl AsRef<[u8]>) {
        self.has_typed.set(true);
        self.line.types(bytes.as_ref());
    }

    /// Waits until the screen has this in it.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        self.shows_when(text, |screen| screen.contains(text));
    }

    /// Waits until the screen has this sentence in it, wherever its lines end.
    #[track_caller]
    pub(crate) fn reads(&self, sentence: &str) {
        self.reads_times(sentence, 1);
    }

    /// Waits until it has it so many times.
    #[track_caller]
    pub(crate) fn reads_times(&self, sentence: &str, times: usize) {
        self.shows_when(sentence, |screen| occurrences(screen, sentence) >= times);
    }

    /// How often the screen has this sentence in it now.
    pub(crate) fn times(&self, sentence: &str) -> usize {
        occurrences(&self.screen(), sentence)
    }

    /// Waits until the screen does not have this in it any more.
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

    /// The rows of the screen, without the blanks at their ends.
    pub(crate) fn screen(&self) -> String {
        self.now(|screen| screen.text())
    }

    /// The same row by row, and each once more with the names of its styles.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        self.now(|screen| screen.text().lines().map(str::to_owned).zip(screen.marked()).collect())
    }

    /// Waits until nothing is written any more.
    #[track_caller]
    pub(crate) fn ends(&self) {
        assert!(self.shown.whole().is_some(), "no end; there is:\n{}", self.screen());
    }

    /// How the first place on the screen looks where this text stands in one row.
    #[track_caller]
    pub(crate) fn style_of(&self, text: &str) -> CellStyle {
        let look = self.now(|screen| screen.style_of(text));
        look.unwrap_or_else(|| panic!("no {text:?}; there is:\n{}", self.screen()))
    }

    /// How the cell at this place looks, counted from 0.
    pub(crate) fn style_at(&self, row: u16, column: u16) -> Option<CellStyle> {
        self.now(|screen| screen.style_at(row, column))
    }

    fn now<T>(&self, look: impl FnOnce(&mut Screen) -> T) -> T {
        self.shown.now(|seen| look(seen.screen.as_mut().unwrap()))
    }

    /// Everything that was written, escapes and all.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.shown.now(|seen| seen.bytes.clone())
    }

    /// Makes the window another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.now(|screen| screen.resize(columns, rows));
        self.line.resize(columns, rows);
    }

    /// Makes the terminal as it was before, as a shell does when the program is stopped.
    pub(crate) fn shell_takes_the_terminal(&self) {
        self.line.set_modes(&self.before);
    }

    /// Whether what is typed is shown.
    pub(crate) fn echoes(&self) -> bool {
        self.line.echoes()
    }

    /// Waits for the end, and holds the run against what every run at a terminal has to keep to.
    /// `stderr` is all that was written there and not erased, as it would stand on endless paper.
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

/// Wherever the lines end.
fn occurrences(screen: &str, sentence: &str) -> usize {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat(screen).matches(&flat(sentence)).count()
}
