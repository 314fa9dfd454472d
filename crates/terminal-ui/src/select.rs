//! It is made on the alternate screen, and the text before it is back afterwards. Each frame is drawn
//! from the top, as wide as the terminal is then: whatever a resize did to the one before is gone with
//! the next key.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::Error as DialogError;
use dialoguer::console::{Term, truncate_str};
use dialoguer::theme::Theme;
use tokio::task::spawn_blocking;

use crate::hidden_input::HiddenInput;
use crate::style::EMPHASIS;
use crate::terminal::Terminal;
use crate::tty;

/// One of several items, which a person chooses by arrow keys. Each is one line, cut at the edge of the
/// screen.
#[derive(Clone, Debug)]
pub struct Select {
    /// The question.
    pub heading: String,
    /// What there is to choose from; text from outside was cleaned.
    pub items: Vec<String>,
    /// The item that the cursor is on at first.
    pub default: usize,
}

/// A heading, what the keys do, one item, and a row for the cursor.
const FEWEST_ROWS: u16 = 4;

impl Select {
    /// Whether there is a person to ask, and room to do it.
    #[must_use]
    pub fn can_ask(terminal: Terminal) -> bool {
        terminal.is_interactive() && tty::has_person() && Term::stderr().size().0 >= FEWEST_ROWS
    }

    /// Asks, and says which item it is; `None` if the person chose none of them. The screen is back as it
    /// was when this is dropped, also before the answer.
    ///
    /// # Errors
    ///
    /// The terminal cannot be read or written.
    pub async fn ask(self, terminal: Terminal) -> io::Result<Option<usize>> {
        let default = self.default;
        let theme = MenuTheme::new(self, terminal);
        let _screen = AlternateScreen::enter();
        let asking = spawn_blocking(move || interact(&theme, default));
        asking.await.map_err(io::Error::other).flatten()
    }
}

/// Blocks until a key decides.
fn interact(theme: &MenuTheme, default: usize) -> io::Result<Option<usize>> {
    // Buffered, so that a frame is written at once.
    let terminal = Term::buffered_stderr();
    let room = terminal.size().0.max(FEWEST_ROWS) - (FEWEST_ROWS - 1);
    // dialoguer counts lines by the bytes of its items, so these are short, and the theme has the texts.
    let places = (0..theme.items.len()).map(|place| place.to_string());
    let menu = dialoguer::Select::with_theme(theme).items(places).default(default);
    match menu.max_length(room.into()).interact_on_opt(&terminal) {
        Ok(place) => Ok(place),
        // Ctrl-C, which is a signal as well.
        Err(DialogError::IO(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(DialogError::IO(error)) => Err(error),
    }
}

/// Draws the menu.
struct MenuTheme {
    heading: String,
    items: Vec<String>,
    has_colors: bool,
    /// The place of the item that was drawn last.
    last: Cell<Option<usize>>,
}

const KEYS: &str = "Arrows move, Enter takes it, Esc ends.";

/// Cursor home, erase below.
const CLEAR: &str = "\x1b[H\x1b[J";

impl MenuTheme {
    fn new(select: Select, terminal: Terminal) -> Self {
        let Select { heading, items, .. } = select;
        Self { heading, items, has_colors: terminal.has_colors(), last: Cell::default() }
    }

    fn begin_frame(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        f.write_str(CLEAR)?;
        for line in [self.heading.as_str(), KEYS] {
            writeln!(f, "{}", cut(line))?;
        }
        Ok(())
    }
}

impl Theme for MenuTheme {
    /// An item. The first one of a frame, which is not below the one before, has the heading above it.
    fn format_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        place: &str,
        is_active: bool,
    ) -> fmt::Result {
        let place = place.parse().unwrap_or_default();
        if self.last.replace(Some(place)).is_none_or(|last| place <= last) {
            self.begin_frame(f)?;
        }
        let item = self.items.get(place).map_or("", String::as_str);
        let line = cut(&format!("{} {item}", if is_active { '>' } else { ' ' }));
        match is_active && self.has_colors {
            true => write!(f, "{EMPHASIS}{line}{EMPHASIS:#}"),
            false => f.write_str(&line),
        }
    }
}

/// As much as fits one row. Its last column stays free: some terminals go on to the next row once it is
/// taken.
fn cut(line: &str) -> String {
    let columns = usize::from(Term::stderr().size().1);
    truncate_str(line, columns.saturating_sub(1), "…").into_owned()
}

/// The alternate screen, and hidden input, until this is dropped.
struct AlternateScreen {
    _hidden: HiddenInput,
}

/// Whether the alternate screen is shown. It is not in the guard, because a panic ends the process and
/// drops nothing.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

impl AlternateScreen {
    fn enter() -> Self {
        let _hidden = HiddenInput::begin();
        IS_SHOWN.store(true, Ordering::Relaxed);
        // A terminal that is gone shows no menu either.
        let _ = io::stderr().write_all(b"\x1b[?1049h");
        Self { _hidden }
    }
}

impl Drop for AlternateScreen {
    fn drop(&mut self) {
        leave_alternate_screen();
    }
}

/// Shows the main screen again, with its cursor, if the alternate one is shown.
pub(crate) fn leave_alternate_screen() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().write_all(b"\x1b[?25h\x1b[?1049l");
    }
}
