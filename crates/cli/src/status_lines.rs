use std::sync::Mutex;
use std::time::Duration;

use terminal_ui::{StatusLine, Terminal};

use crate::mutex::lock;

/// What the program waits for, the newest last. The terminal shows each until it is removed.
pub(crate) struct StatusLines {
    terminal: Terminal,
    lines: Mutex<Vec<StatusLine>>,
}

impl StatusLines {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, lines: Mutex::default() }
    }

    /// Adds a line that counts down to `limit`.
    pub(crate) fn push(&self, text: &str, limit: Option<Duration>) {
        lock(&self.lines).push(self.terminal.status_line(text, limit));
    }

    /// Removes all lines but the first.
    pub(crate) fn keep_first(&self) {
        lock(&self.lines).truncate(1);
    }

    pub(crate) fn clear(&self) {
        lock(&self.lines).clear();
    }
}
