//! It uses the alternate screen, so the text before it is visible again afterwards. Each frame is drawn from the
//! top in the current width, so the next key repairs the effects of a resize.

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

/// A menu: the user chooses an item with the arrow keys. Each item is one line, cut at the edge of the screen.
#[derive(Clone, Debug)]
pub struct Select {
    /// The question.
    pub heading: String,
    /// The items, in printable characters only.
    pub items: Vec<String>,
    /// The initial item.
    pub default: usize,
}

/// The heading, the line about the keys, one item, and a row for the cursor.
const MIN_ROWS: u16 = 4;

impl Select {
    /// Whether there is a user at a terminal with enough rows.
    #[must_use]
    pub fn can_ask(terminal: Terminal) -> bool {
        terminal.is_interactive() && tty::has_user() && Term::stderr().size().0 >= MIN_ROWS
    }

    /// Shows the menu. Returns the index of the chosen item; `None` if the user cancels. Dropping the future
    /// restores the screen.
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

/// Blocks until the user chooses or cancels.
fn interact(theme: &MenuTheme, default: usize) -> io::Result<Option<usize>> {
    // Buffered, so that a frame is written at once.
    let terminal = Term::buffered_stderr();
    let room = terminal.size().0.max(MIN_ROWS) - (MIN_ROWS - 1);
    // dialoguer counts lines by the bytes of its items. These are only indices; the theme has the texts.
    let indices = (0..theme.items.len()).map(|index| index.to_string());
    let menu = dialoguer::Select::with_theme(theme).items(indices).default(default);
    match menu.max_length(room.into()).interact_on_opt(&terminal) {
        Ok(index) => Ok(index),
        // Ctrl-C, which also sends a signal.
        Err(DialogError::IO(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(DialogError::IO(error)) => Err(error),
    }
}

/// Draws the menu.
struct MenuTheme {
    heading: String,
    items: Vec<String>,
    has_colors: bool,
    /// The index of the item that was drawn last.
    last: Cell<Option<usize>>,
}

const KEYS: &str = "Arrows move, Enter picks, Esc cancels.";

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
    /// Draws an item. An item that is not below the last one begins a new frame, with the heading.
    fn format_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        index: &str,
        is_active: bool,
    ) -> fmt::Result {
        let index = index.parse().unwrap_or_default();
        if self.last.replace(Some(index)).is_none_or(|last| index <= last) {
            self.begin_frame(f)?;
        }
        let item = self.items.get(index).map_or("", String::as_str);
        let line = cut(&format!("{} {item}", if is_active { '>' } else { ' ' }));
        match is_active && self.has_colors {
            true => write!(f, "{EMPHASIS}{line}{EMPHASIS:#}"),
            false => f.write_str(&line),
        }
    }
}

/// Cuts the line to one row. The last column stays free: some terminals continue in the next row once it is used.
fn cut(line: &str) -> String {
    let columns = usize::from(Term::stderr().size().1);
    truncate_str(line, columns.saturating_sub(1), "…").into_owned()
}

/// The alternate screen, with hidden input, until this is dropped.
struct AlternateScreen {
    _hidden: HiddenInput,
}

/// Whether the alternate screen is shown. It is a static, because a panic ends the process without dropping the
/// guard.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

impl AlternateScreen {
    fn enter() -> Self {
        let _hidden = HiddenInput::begin();
        IS_SHOWN.store(true, Ordering::Relaxed);
        // A closed terminal is not an error.
        let _ = io::stderr().write_all(b"\x1b[?1049h");
        Self { _hidden }
    }
}

impl Drop for AlternateScreen {
    fn drop(&mut self) {
        leave_alternate_screen();
    }
}

/// Shows the main screen and the cursor again, if the alternate screen is shown.
pub(crate) fn leave_alternate_screen() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().write_all(b"\x1b[?25h\x1b[?1049l");
    }
}
