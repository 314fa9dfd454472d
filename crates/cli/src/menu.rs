//! A choice on the person's terminal.
//!
//! It is made on the second screen that terminals keep for this, and what stood on the first one is back
//! afterwards. Each frame is drawn from the top, as wide as the terminal is then: whatever a resize did
//! to the one before is gone with the next key.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::console::{Term, truncate_str};
use dialoguer::theme::Theme;
use dialoguer::{Error as MenuError, Select};
use login::Undecided;
use login::create_api_key::{Candidates, Target};
use printable::excerpt;
use tokio::task::spawn_blocking;

use crate::keyboard;
use crate::terminal::{EMPHASIS, Terminal};
use crate::unseen::Unseen;

/// A heading, what the keys do, one line of the list, and one for the cursor.
const FEWEST_ROWS: u16 = 4;

/// Whether there is somebody to ask, and room to do it.
pub(crate) fn can_ask(terminal: Terminal) -> bool {
    terminal.is_interactive() && keyboard::is_there() && Term::stderr().size().0 >= FEWEST_ROWS
}

/// Asks where a key is made.
pub(crate) async fn choose(
    candidates: Candidates,
    terminal: Terminal,
) -> Result<Target, Undecided> {
    let labels = labels(candidates.targets());
    let (frame, default) = (Frame::of(labels, terminal), candidates.default());
    // Given back when this is dropped, also by Ctrl-C.
    let _screen = SecondScreen::begin();
    let asking = spawn_blocking(move || ask(&frame, default));
    let answer = asking.await.map_err(io::Error::other).flatten();
    let place = answer.map_err(|error| Undecided::Unasked(error.into()))?;
    place.and_then(|place| candidates.into_target(place)).ok_or(Undecided::Declined)
}

/// `Default project of Analytical Engines (proj_1)`. The organization goes without saying where there is
/// one alone.
fn labels(targets: &[Target]) -> Vec<String> {
    let first = targets.first().map(|target| &target.organization.id);
    let is_one = targets.iter().all(|target| Some(&target.organization.id) == first);
    let label = |Target { organization, project }: &Target| {
        let organization = seen(organization.title.as_deref())
            .unwrap_or_else(|| organization.id.as_str().to_owned());
        let of = if is_one { String::new() } else { format!(" of {organization}") };
        match seen(project.title.as_deref()) {
            Some(title) => format!("{title}{of} ({})", project.id),
            None => format!("{}{of}", project.id),
        }
    };
    targets.iter().map(label).collect()
}

/// What can be seen of a title.
fn seen(title: Option<&str>) -> Option<String> {
    const LONGEST: usize = 40;
    title.map(|title| excerpt(title, LONGEST)).filter(|title| !title.is_empty())
}

/// Blocks until a key decides; `None` is for none of them.
fn ask(frame: &Frame, default: usize) -> io::Result<Option<usize>> {
    // A frame is written at once.
    let terminal = Term::buffered_stderr();
    let room = terminal.size().0.max(FEWEST_ROWS) - (FEWEST_ROWS - 1);
    // It counts lines by the bytes of its items, so these are short, and the frame knows the labels.
    let places = (0..frame.labels.len()).map(|place| place.to_string());
    let menu = Select::with_theme(frame).items(places).default(default).max_length(room.into());
    match menu.interact_on_opt(&terminal) {
        Ok(place) => Ok(place),
        // Ctrl-C, which is a signal as well.
        Err(MenuError::IO(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(MenuError::IO(error)) => Err(error),
    }
}

/// What is drawn.
struct Frame {
    heading: String,
    labels: Vec<String>,
    is_colored: bool,
    /// The place of the line that was drawn last.
    last: Cell<Option<usize>>,
}

const KEYS: &str = "Arrows move, Enter takes it, Esc ends.";

/// From here on the screen is empty.
const FROM_THE_TOP: &str = "\x1b[H\x1b[J";

impl Frame {
    fn of(labels: Vec<String>, terminal: Terminal) -> Self {
        let heading = format!("Which of {} projects is the key for?", labels.len());
        Self { heading, labels, is_colored: terminal.has_colors(), last: Cell::default() }
    }

    fn begin(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        f.write_str(FROM_THE_TOP)?;
        for line in [self.heading.as_str(), KEYS] {
            writeln!(f, "{}", cut(line))?;
        }
        Ok(())
    }
}

impl Theme for Frame {
    /// A line of the list; before the first one of a frame, which is not below the last one, what
    /// stands above it.
    fn format_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        place: &str,
        is_active: bool,
    ) -> fmt::Result {
        let place = place.parse().unwrap_or_default();
        if self.last.replace(Some(place)).is_none_or(|last| place <= last) {
            self.begin(f)?;
        }
        let label = self.labels.get(place).map_or("", String::as_str);
        let line = cut(&format!("{} {label}", if is_active { '>' } else { ' ' }));
        match is_active && self.is_colored {
            true => write!(f, "{EMPHASIS}{line}{EMPHASIS:#}"),
            false => f.write_str(&line),
        }
    }
}

/// As much as fits one row, whose last column stays free: some terminals go on to the next row once it
/// is taken.
fn cut(line: &str) -> String {
    let columns = usize::from(Term::stderr().size().1);
    truncate_str(line, columns.saturating_sub(1), "…").into_owned()
}

/// The second screen, and a keyboard that shows nothing, as long as this is held.
struct SecondScreen {
    _unseen: Unseen,
}

/// Whether the second screen is the one that is seen. It stands here and not in the guard, because a
/// panic ends the process, and drops nothing.
static IS_SEEN: AtomicBool = AtomicBool::new(false);

impl SecondScreen {
    fn begin() -> Self {
        let _unseen = Unseen::begin();
        IS_SEEN.store(true, Ordering::Relaxed);
        // A terminal that is gone shows no menu either.
        let _ = io::stderr().write_all(b"\x1b[?1049h");
        Self { _unseen }
    }
}

impl Drop for SecondScreen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the first screen back, with its cursor, if a menu is shown.
pub(crate) fn give_back() {
    if IS_SEEN.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().write_all(b"\x1b[?25h\x1b[?1049l");
    }
}
