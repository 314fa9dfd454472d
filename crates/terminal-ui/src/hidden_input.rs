//! Turns the echo of the terminal off.

#[cfg(unix)]
pub(crate) use unix::{HiddenInput, reapply, restore};

#[cfg(not(unix))]
pub(crate) use other::{HiddenInput, reapply, restore};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    use crate::tty::is_background_job;

    /// Typed characters are not shown until this is dropped.
    #[derive(Debug)]
    pub(crate) struct HiddenInput;

    /// The original modes of the terminal. They are a static, because a panic ends the process without dropping the
    /// guard.
    static ORIGINAL: Mutex<Option<Termios>> = Mutex::new(None);

    impl HiddenInput {
        pub(crate) fn begin() -> Self {
            let mut before = ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(now) = tcgetattr(io::stdin()) {
                disable_echo(&now);
                *before = Some(now);
            }
            Self
        }
    }

    impl Drop for HiddenInput {
        fn drop(&mut self) {
            restore_modes(ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Turns the echo off again: a shell that had the terminal in between (Ctrl-Z, `fg`) has changed the modes.
    pub(crate) fn reapply() {
        // Locked until the end, so that `restore` cannot run in between.
        let before = ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(now) = tcgetattr(io::stdin()) else { return };
        let is_shown = now.local_modes.contains(LocalModes::ECHO);
        if before.is_some() && is_shown && !is_background_job(io::stdin()) {
            disable_echo(&now);
        }
    }

    /// Restores the original modes. It never blocks, so a panic hook can call it anywhere.
    pub(crate) fn restore() {
        if let Ok(before) = ORIGINAL.try_lock() {
            restore_modes(before);
        }
    }

    /// Turns off the echo, and line editing by the system: that limits lines to 1,024 bytes on some systems, and
    /// hides what follows the end of a line. A terminal that cannot turn the echo off shows the input.
    fn disable_echo(now: &Termios) {
        let mut modes = now.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &modes);
    }

    /// Discards unread input: it is part of a secret, and not a command for the shell.
    fn restore_modes(mut before: MutexGuard<'_, Option<Termios>>) {
        if let Some(before) = before.take()
            && !is_background_job(io::stdin())
        {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &before);
        }
    }
}

/// Keys of a Windows console are read without an echo.
#[cfg(not(unix))]
mod other {
    #[derive(Debug)]
    pub(crate) struct HiddenInput;

    impl HiddenInput {
        pub(crate) fn begin() -> Self {
            Self
        }
    }

    pub(crate) fn reapply() {}

    pub(crate) fn restore() {}
}
