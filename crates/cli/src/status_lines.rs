use std::cell::RefCell;
use std::time::Duration;

use terminal_ui::{StatusLine, Terminal};

/// What the program waits for, the newest last. The terminal shows each until it is removed.
pub(crate) struct StatusLines {
    terminal: Terminal,
    lines: RefCell<Vec<StatusLine>>,
}

impl StatusLines {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, lines: RefCell::default() }
    }

    /// Adds a line that counts down to `limit`.
    pub(crate) fn push(&self, text: &str, limit: Option<Duration>) {
        self.lines.borrow_mut().push(self.terminal.status_line(text, limit));
    }

    /// Removes all lines but the first.
    pub(crate) fn keep_first(&self) {
        self.lines.borrow_mut().truncate(1);
    }

    pub(crate) fn clear(&self) {
        self.lines.take();
    }
}
