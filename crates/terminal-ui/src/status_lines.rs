use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{StatusLine, Terminal};

/// What a program waits for, the newest last. The terminal shows each until it is removed.
#[derive(Debug)]
pub struct StatusLines {
    terminal: Terminal,
    lines: Mutex<Vec<StatusLine>>,
}

impl StatusLines {
    /// No lines yet.
    #[must_use]
    pub fn new(terminal: Terminal) -> Self {
        Self { terminal, lines: Mutex::default() }
    }

    /// Adds a line that counts down to `limit`.
    pub fn push(&self, text: &str, limit: Option<Duration>) {
        self.lock().push(self.terminal.status_line(text, limit));
    }

    /// Removes all lines but the first.
    pub fn keep_first(&self) {
        self.lock().truncate(1);
    }

    /// Removes all lines.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<StatusLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
