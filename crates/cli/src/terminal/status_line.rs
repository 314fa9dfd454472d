//! The last line of the screen, while something is waited for: what it is, and how long that may last.
//!
//! A thread of its own draws it again and again, and whatever else is written goes above it: everything
//! that may go to the screen goes through [`above`]. A terminal that is made narrower may break the
//! line in two, or cut it. An empty line of ours stands above it for the first half, so that nothing
//! else is ever erased. The cursor stays visible: a program that is killed could not show it again.
//!
//! indicatif (0.18) is no way to draw it. It fills its lines up to the last column, so that a terminal
//! that breaks lines anew keeps a torn copy with each step that makes it narrower. It draws nothing
//! while a thread panics, not even what erases, and panics where there is no thread for its ticks. It
//! costs 44 KB, writes three times the bytes, and what the rules of the terminal ask for stays as long.

use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::{Terminal, columns, width};
use crate::{environment, foreground};

/// Something that is waited for; `None` where no line is drawn. The line goes away when this is dropped.
#[derive(Debug)]
pub(crate) struct StatusLine(Option<Arc<Wait>>);

/// What is waited for, and what of it stands on the screen. The second is held while anything is
/// written, and the first only for a moment, also within that.
static WAITS: Mutex<Waits> = Mutex::new(Waits::NONE);
static DRAWN: Mutex<Option<Drawn>> = Mutex::new(None);
/// Told when there is nothing to wait for any more.
static OVER: Condvar = Condvar::new();

struct Waits {
    /// The newest last, which alone is shown.
    all: Vec<Arc<Wait>>,
    /// How often the line was drawn anew.
    turns: usize,
    is_ticking: bool,
    /// How much a person has typed that is not shown.
    typed: usize,
}

#[derive(Debug)]
struct Wait {
    text: String,
    until: Option<Instant>,
    /// What turns before it.
    signs: &'static [char],
}

struct Drawn {
    /// Whether the line above is our empty one.
    has_gap: bool,
    /// How many columns the terminal had, and the line.
    columns: usize,
    used: usize,
    at: Instant,
}

/// As often as the line is drawn anew.
const TICK: Duration = Duration::from_millis(200);

/// Who has not drawn for so long was stopped (Ctrl-Z), and a shell has written since.
const STOPPED: Duration = Duration::from_secs(3);

const DOTS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const STROKES: [char; 4] = ['-', '\\', '|', '/'];

impl StatusLine {
    /// Shows what is waited for, and how much is left of this time.
    pub(super) fn begin(terminal: Terminal, text: &str, limit: Option<Duration>) -> Self {
        if !terminal.is_interactive() {
            return Self(None);
        }
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let signs: &[char] = if environment::has_symbols() { &DOTS } else { &STROKES };
        let wait = Arc::new(Wait { text: text.to_owned(), until, signs });
        held(&WAITS).add(Arc::clone(&wait));
        above(|| ());
        Self(Some(wait))
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        let Some(wait) = &self.0 else { return };
        held(&WAITS).all.retain(|it| !Arc::ptr_eq(it, wait));
        above(|| ());
        OVER.notify_one();
    }
}

impl Waits {
    const NONE: Self = Self { all: Vec::new(), turns: 0, is_ticking: false, typed: 0 };

    fn add(&mut self, wait: Arc<Wait>) {
        self.all.push(wait);
        if !self.is_ticking {
            // Where the system has no thread to give, the line stands still.
            self.is_ticking = Builder::new().name("status line".into()).spawn(tick).is_ok();
        }
    }

    fn line(&self, columns: usize) -> Option<String> {
        let wait = self.all.last()?;
        let left = wait.until.map(|until| until.saturating_duration_since(Instant::now()));
        let sign = wait.signs[self.turns % wait.signs.len()];
        Some(match self.typed {
            0 => line(sign, &wait.text, left, columns),
            typed => line_of_typed(sign, typed, columns),
        })
    }
}

/// Says how much was typed that is not shown, so that a person sees that something arrives.
#[cfg_attr(not(unix), expect(dead_code, reason = "keys are read on Unix alone"))]
pub(crate) fn show_typed(count: usize) {
    let is_news = std::mem::replace(&mut held(&WAITS).typed, count) != count;
    if is_news {
        above(|| ());
    }
}

/// Draws the line anew, until there is nothing to wait for.
fn tick() {
    loop {
        let waits = held(&WAITS);
        let (mut waits, _) = OVER.wait_timeout(waits, TICK).unwrap_or_else(PoisonError::into_inner);
        if waits.all.is_empty() {
            waits.is_ticking = false;
            return;
        }
        waits.turns += 1;
        drop(waits);
        refresh(&mut held(&DRAWN));
    }
}

/// Writes above the line.
pub(crate) fn above<T>(write: impl FnOnce() -> T) -> T {
    let mut drawn = held(&DRAWN);
    erase(&mut drawn);
    let outcome = write();
    refresh(&mut drawn);
    outcome
}

/// Erases the line for good, since the process ends. It waits for nobody: a panic may call it anywhere.
pub(crate) fn let_go() {
    if let Ok(mut drawn) = DRAWN.try_lock() {
        erase(&mut drawn);
        // Nobody draws it again.
        std::mem::forget(drawn);
    }
}

fn erase(drawn: &mut Option<Drawn>) {
    if let Some(it) = drawn.take()
        && it.at.elapsed() < STOPPED
        && is_in_foreground()
    {
        put(if it.has_gap { "\r\x1b[A\x1b[J" } else { "\r\x1b[J" });
    }
}

/// Makes the screen show what is waited for now, if anything is. A program in the background leaves it
/// to the one before it.
fn refresh(drawn: &mut Option<Drawn>) {
    let columns = columns().filter(|_| is_in_foreground());
    let line = columns.and_then(|columns| Some((columns, held(&WAITS).line(columns)?)));
    let Some((columns, line)) = line else { return erase(drawn) };
    let (used, at) = (width(&line), Instant::now());
    match drawn {
        Some(it) if it.columns == columns && it.at.elapsed() < STOPPED => {
            put(&format!("\r{line}\x1b[K"));
            (it.used, it.at) = (used, at);
        }
        _ => {
            // A line that the terminal has broken took the place of the empty one above it.
            let has_gap = drawn.as_ref().is_none_or(|it| it.used < columns);
            erase(drawn);
            put(&format!("{}{line}", if has_gap { "\r\n" } else { "" }));
            *drawn = Some(Drawn { has_gap, columns, used, at });
        }
    }
}

/// As much of it as fits.
fn line(sign: char, text: &str, left: Option<Duration>, columns: usize) -> String {
    let left = left.map(clock);
    let said = match &left {
        Some(left) => format!("{sign} {text}, {left} left."),
        None => format!("{sign} {text}."),
    };
    let short = left.map_or_else(|| sign.to_string(), |left| format!("{sign} {left}"));
    first_that_fits([format!("{said} Ctrl-C cancels."), said, short], columns)
}

/// What is typed is a secret; how long it is may be known.
fn line_of_typed(sign: char, count: usize, columns: usize) -> String {
    let characters = if count == 1 { "character" } else { "characters" };
    let said = format!("{sign} {count} {characters}, not shown");
    let long = format!("{said}. Enter hands it in, Ctrl-U takes it back.");
    first_that_fits([long, said, sign.to_string()], columns)
}

/// There is a column to spare: some terminals break a line that is full.
fn first_that_fits(lines: [String; 3], columns: usize) -> String {
    lines.into_iter().find(|it| width(it) < columns).unwrap_or_default()
}

/// `14:32`, `1:00:00`: what is left, up to the second that has begun.
fn clock(left: Duration) -> String {
    let seconds = left.as_millis().div_ceil(1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}:{seconds:02}"),
        (hours, minutes) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Past every filter of colours: these are no colours, and it is a terminal.
fn put(text: &str) {
    // Whoever closed standard error does not want to hear that it is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the terminal is this program's at the moment. One that controls nobody is nobody else's
/// either.
pub(super) fn is_in_foreground() -> bool {
    foreground::is_ours(io::stderr()) != Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(left: Option<u64>, columns: usize, expected: &str) {
        let left = left.map(Duration::from_secs);
        let text = "Waiting for the browser";
        assert_eq!(line('-', text, left, columns), expected);
        assert!(width(expected) < columns.max(1), "{expected:?} fills the line");
    }

    // threats 200
    #[test]
    fn the_line_says_what_fits() {
        shows(Some(872), 80, "- Waiting for the browser, 14:32 left. Ctrl-C cancels.");
        shows(Some(872), 55, "- Waiting for the browser, 14:32 left. Ctrl-C cancels.");
        shows(Some(872), 54, "- Waiting for the browser, 14:32 left.");
        shows(Some(872), 40, "- Waiting for the browser, 14:32 left.");
        shows(Some(872), 20, "- 14:32");
        shows(Some(872), 7, "");
        shows(None, 80, "- Waiting for the browser. Ctrl-C cancels.");
        shows(None, 20, "-");
        shows(None, 0, "");
    }

    #[test]
    fn what_is_typed_is_counted() {
        let wide = "- 312 characters, not shown. Enter hands it in, Ctrl-U takes it back.";
        assert_eq!(line_of_typed('-', 312, 80), wide);
        assert_eq!(line_of_typed('-', 312, 40), "- 312 characters, not shown");
        assert_eq!(line_of_typed('-', 1, 40), "- 1 character, not shown");
        assert_eq!(line_of_typed('-', 312, 20), "-");
    }

    #[test]
    fn the_clock_shows_the_second_that_has_begun() {
        assert_eq!(clock(Duration::from_millis(899_001)), "15:00");
        assert_eq!(clock(Duration::from_secs(59)), "0:59");
        assert_eq!(clock(Duration::from_secs(3600)), "1:00:00");
        assert_eq!(clock(Duration::ZERO), "0:00");
    }
}
