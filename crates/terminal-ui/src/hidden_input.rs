//! A terminal that does not show what is typed.

#[cfg(unix)]
pub(crate) use unix::{HiddenInput, reapply, restore};

#[cfg(not(unix))]
pub(crate) use elsewhere::{HiddenInput, reapply, restore};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    use crate::tty::is_background_job;

    /// Nothing that is typed is shown, until this is dropped.
    #[derive(Debug)]
    pub(crate) struct HiddenInput;

    /// The modes of the terminal from before. They are not in the guard, because a panic ends the
    /// process and drops nothing.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    impl HiddenInput {
        pub(crate) fn begin() -> Self {
            let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(now) = tcgetattr(io::stdin()) {
                hide(&now);
                *before = Some(now);
            }
            Self
        }
    }

    impl Drop for HiddenInput {
        fn drop(&mut self) {
            give_back(BEFORE.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Hides what is typed once more, if it is to be hidden: a shell that had the terminal in between
    /// (Ctrl-Z, `fg`) has given it other modes.
    pub(crate) fn reapply() {
        // Locked until the end, so that nothing is hidden that was given back meanwhile.
        let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(now) = tcgetattr(io::stdin()) else { return };
        let is_shown = now.local_modes.contains(LocalModes::ECHO);
        if before.is_some() && is_shown && !is_background_job(io::stdin()) {
            hide(&now);
        }
    }

    /// Gives a terminal back as it was, if something is being typed. It never blocks, since a panic may
    /// call it anywhere.
    pub(crate) fn restore() {
        if let Ok(before) = BEFORE.try_lock() {
            give_back(before);
        }
    }

    /// Without line editing by the system: its lines may not be longer than 1,024 bytes on some systems,
    /// and what follows the end of a line can be seen only so. A terminal that cannot hide what is typed
    /// shows it to the person who knows it anyway.
    fn hide(now: &Termios) {
        let mut modes = now.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &modes);
    }

    /// What was typed and not read is part of a secret, and not a command for the shell that comes
    /// next: it is thrown away.
    fn give_back(mut before: MutexGuard<'_, Option<Termios>>) {
        if let Some(before) = before.take()
            && !is_background_job(io::stdin())
        {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &before);
        }
    }
}

/// The keys of a console are read without showing them.
#[cfg(not(unix))]
mod elsewhere {
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
