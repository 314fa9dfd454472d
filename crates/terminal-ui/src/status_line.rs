//! The last line of the screen while the program waits: for what, and for how long.
//!
//! A thread redraws it. All other output appears above it: each write to the screen goes through
//! [`suspend_status_line`]. A terminal that becomes narrower may break the line in two. An empty line above it takes
//! the first half, so that no other output is erased. The cursor stays visible, because a killed program cannot
//! show it again.
//!
//! Why not indicatif (0.18): it fills lines to the last column, so a terminal that becomes narrower keeps a broken
//! copy of each. It cannot erase during a panic, panics without a thread for its ticks, costs 44 KB, and writes
//! three times as many bytes. The code below would not become shorter.

use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::size::{columns, width};
use crate::tty::is_background_job;

/// A wait with a status line. Dropping it erases the line.
#[derive(Debug)]
#[must_use = "dropping it erases the line"]
pub struct StatusLine(Option<Arc<Wait>>);

/// The waits, and the line on the screen. Lock order: `DRAWN`, then `WAITS`. `DRAWN` is locked during each write,
/// `WAITS` only for a moment.
static WAITS: Mutex<Waits> = Mutex::new(Waits::NONE);
static DRAWN: Mutex<Option<Drawn>> = Mutex::new(None);
/// Notified at the end of a wait.
static ENDED: Condvar = Condvar::new();

struct Waits {
    /// The newest is last. The line shows the newest.
    all: Vec<Arc<Wait>>,
    ticks: usize,
    is_ticking: bool,
    /// The number of hidden characters that the user has typed.
    typed: usize,
}

#[derive(Debug)]
struct Wait {
    text: String,
    until: Option<Instant>,
    /// The spinner before the text.
    frames: &'static [char],
}

struct Drawn {
    /// Whether there is an empty line above it.
    has_gap: bool,
    /// The width of the terminal at that time.
    columns: usize,
    /// The width of the line.
    used: usize,
    at: Instant,
}

/// How often the line is redrawn.
const TICK: Duration = Duration::from_millis(200);

/// After this time without a redraw, the program was stopped (Ctrl-Z), and a shell has written to the screen.
const STOPPED: Duration = Duration::from_secs(3);

const DOTS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const STROKES: [char; 4] = ['-', '\\', '|', '/'];

impl StatusLine {
    /// Shows what the program waits for, and the remaining time.
    pub(crate) fn begin(text: &str, limit: Option<Duration>, has_symbols: bool) -> Self {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let frames: &[char] = if has_symbols { &DOTS } else { &STROKES };
        let wait = Arc::new(Wait { text: text.to_owned(), until, frames });
        lock(&WAITS).add(Arc::clone(&wait));
        redraw_now();
        Self(Some(wait))
    }

    /// No line, for output without a terminal.
    pub(crate) fn none() -> Self {
        Self(None)
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        let Some(wait) = &self.0 else { return };
        lock(&WAITS).all.retain(|it| !Arc::ptr_eq(it, wait));
        redraw_now();
        ENDED.notify_one();
    }
}

impl Waits {
    const NONE: Self = Self { all: Vec::new(), ticks: 0, is_ticking: false, typed: 0 };

    fn add(&mut self, wait: Arc<Wait>) {
        self.all.push(wait);
        if !self.is_ticking {
            // Without a thread the line does not move.
            self.is_ticking = Builder::new().name("status line".into()).spawn(tick).is_ok();
        }
    }

    fn line(&self, columns: usize) -> Option<String> {
        let wait = self.all.last()?;
        let left = wait.until.map(|until| until.saturating_duration_since(Instant::now()));
        let frame = wait.frames[self.ticks % wait.frames.len()];
        Some(match self.typed {
            0 => line(frame, &wait.text, left, columns),
            typed => typed_line(frame, typed, columns),
        })
    }
}

/// Shows the number of hidden characters, so that the user sees that typing works.
pub(crate) fn show_typed(count: usize) {
    let before = std::mem::replace(&mut lock(&WAITS).typed, count);
    if before != count {
        redraw_now();
    }
}

fn redraw_now() {
    suspend_status_line(|| ());
}

/// Redraws the line until there is no wait.
fn tick() {
    loop {
        let waits = lock(&WAITS);
        let (mut waits, _) =
            ENDED.wait_timeout(waits, TICK).unwrap_or_else(PoisonError::into_inner);
        if waits.all.is_empty() {
            waits.is_ticking = false;
            return;
        }
        waits.ticks += 1;
        drop(waits);
        redraw(&mut lock(&DRAWN));
    }
}

/// Erases the status line, writes, and draws the line again below the output.
///
/// Each write that may go to the screen goes through this, also to standard output.
pub fn suspend_status_line<T>(write: impl FnOnce() -> T) -> T {
    let mut drawn = lock(&DRAWN);
    erase(&mut drawn);
    let outcome = write();
    redraw(&mut drawn);
    outcome
}

/// Erases the line before the process ends. It never blocks, so a panic hook can call it anywhere.
pub(crate) fn erase_finally() {
    if let Ok(mut drawn) = DRAWN.try_lock() {
        erase(&mut drawn);
        // The lock stays taken, so that no thread draws the line again.
        std::mem::forget(drawn);
    }
}

fn erase(drawn: &mut Option<Drawn>) {
    if let Some(it) = drawn.take()
        && it.at.elapsed() < STOPPED
        && !is_background_job(io::stderr())
    {
        write_raw(if it.has_gap { "\r\x1b[A\x1b[J" } else { "\r\x1b[J" });
    }
}

/// Draws the newest wait. A background job does not draw.
fn redraw(drawn: &mut Option<Drawn>) {
    let columns = columns().filter(|_| !is_background_job(io::stderr()));
    let line = columns.and_then(|columns| Some((columns, lock(&WAITS).line(columns)?)));
    let Some((columns, line)) = line else { return erase(drawn) };
    let (used, at) = (width(&line), Instant::now());
    match drawn {
        Some(it) if it.columns == columns && it.at.elapsed() < STOPPED => {
            write_raw(&format!("\r{line}\x1b[K"));
            (it.used, it.at) = (used, at);
        }
        _ => {
            // If the terminal has broken the line, the first half is in the empty line.
            let has_gap = drawn.as_ref().is_none_or(|it| it.used < columns);
            erase(drawn);
            write_raw(&format!("{}{line}", if has_gap { "\r\n" } else { "" }));
            *drawn = Some(Drawn { has_gap, columns, used, at });
        }
    }
}

/// The longest form that fits.
fn line(frame: char, text: &str, left: Option<Duration>, columns: usize) -> String {
    let left = left.map(clock);
    let sentence = match &left {
        Some(left) => format!("{frame} {text}, {left} left."),
        None => format!("{frame} {text}."),
    };
    let short = left.map_or_else(|| frame.to_string(), |left| format!("{frame} {left}"));
    first_that_fits([format!("{sentence} Ctrl-C cancels."), sentence, short], columns)
}

/// The text is secret, its length is not.
fn typed_line(frame: char, count: usize, columns: usize) -> String {
    let characters = if count == 1 { "character" } else { "characters" };
    let short = format!("{frame} {count} {characters}, not shown");
    let long = format!("{short}. Enter submits, Ctrl-U clears.");
    first_that_fits([long, short, frame.to_string()], columns)
}

/// One column stays free: some terminals break a full line.
fn first_that_fits(lines: [String; 3], columns: usize) -> String {
    lines.into_iter().find(|it| width(it) < columns).unwrap_or_default()
}

/// `14:32`, `1:00:00`: rounded up to a whole second.
fn clock(left: Duration) -> String {
    let seconds = left.as_millis().div_ceil(1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}:{seconds:02}"),
        (hours, minutes) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Without the color filter: these escape sequences are not colors.
fn write_raw(text: &str) {
    // A closed standard error is not an error.
    let _ = io::stderr().write_all(text.as_bytes());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_line(left: Option<u64>, columns: usize, expected: &str) {
        let left = left.map(Duration::from_secs);
        let text = "Waiting for the browser";
        assert_eq!(line('-', text, left, columns), expected);
        assert!(width(expected) < columns.max(1), "{expected:?} fills the line");
    }

    // threats 200
    #[test]
    fn line_is_the_longest_that_fits() {
        assert_line(Some(872), 80, "- Waiting for the browser, 14:32 left. Ctrl-C cancels.");
        assert_line(Some(872), 55, "- Waiting for the browser, 14:32 left. Ctrl-C cancels.");
        assert_line(Some(872), 54, "- Waiting for the browser, 14:32 left.");
        assert_line(Some(872), 40, "- Waiting for the browser, 14:32 left.");
        assert_line(Some(872), 20, "- 14:32");
        assert_line(Some(872), 7, "");
        assert_line(None, 80, "- Waiting for the browser. Ctrl-C cancels.");
        assert_line(None, 20, "-");
        assert_line(None, 0, "");
    }

    #[test]
    fn line_counts_hidden_characters() {
        let wide = "- 312 characters, not shown. Enter submits, Ctrl-U clears.";
        assert_eq!(typed_line('-', 312, 80), wide);
        assert_eq!(typed_line('-', 312, 40), "- 312 characters, not shown");
        assert_eq!(typed_line('-', 1, 40), "- 1 character, not shown");
        assert_eq!(typed_line('-', 312, 20), "-");
    }

    #[test]
    fn clock_rounds_up_to_a_second() {
        assert_eq!(clock(Duration::from_millis(899_001)), "15:00");
        assert_eq!(clock(Duration::from_secs(59)), "0:59");
        assert_eq!(clock(Duration::from_secs(3600)), "1:00:00");
        assert_eq!(clock(Duration::ZERO), "0:00");
    }
}
