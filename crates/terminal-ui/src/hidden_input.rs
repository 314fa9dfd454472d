//! A terminal that does not show what is typed, because it is a secret.

#[cfg(unix)]
pub(crate) use unix::restore;
#[cfg(unix)]
pub use unix::{HiddenInput, has_more, reapply, typed};

#[cfg(not(unix))]
pub(crate) use elsewhere::restore;
#[cfg(not(unix))]
pub use elsewhere::{HiddenInput, has_more, reapply, typed};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    use super::unbuffered;
    use crate::tty::is_foreground_job;

    /// What is typed, which [`HiddenInput`] hides.
    ///
    /// # Errors
    ///
    /// There is no standard input.
    pub fn typed() -> io::Result<impl io::Read> {
        unbuffered()
    }

    /// Whether more was typed, or is within `wait`.
    pub fn has_more(wait: Duration) -> bool {
        let stdin = io::stdin();
        let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
        let wait = Timespec::try_from(wait).unwrap_or_default();
        poll(&mut terminal, Some(&wait)).is_ok() && !terminal[0].revents().is_empty()
    }

    /// As long as this is held, nothing that is typed is shown.
    #[derive(Debug)]
    pub struct HiddenInput;

    /// What the terminal was like before, as long as it does not show what is typed. It stands here
    /// and not in the guard, because a panic ends the process, and drops nothing.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    impl HiddenInput {
        /// Hides what is typed from now on.
        #[must_use]
        pub fn begin() -> Self {
            let mut held = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(before) = tcgetattr(io::stdin()) {
                hide(&before);
                *held = Some(before);
            }
            Self
        }
    }

    /// Hides what is typed once more, if it is to be hidden, after a shell had the terminal in between
    /// (Ctrl-Z, `fg`).
    pub fn reapply() {
        // Held meanwhile, so that nothing is hidden that has just been given back.
        let held = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(now) = tcgetattr(io::stdin()) else { return };
        let is_shown = now.local_modes.contains(LocalModes::ECHO);
        if held.is_some() && is_shown && is_foreground_job(io::stdin()) {
            hide(&now);
        }
    }

    /// What is typed comes key by key: a line of a terminal may not be longer than 1,024 bytes on some
    /// systems, and what follows the end of a line can be seen only so. A terminal that cannot do it
    /// shows what is typed to the person who knows it anyway.
    fn hide(before: &Termios) {
        let mut attributes = before.clone();
        attributes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        attributes.special_codes[SpecialCodeIndex::VMIN] = 1;
        attributes.special_codes[SpecialCodeIndex::VTIME] = 0;
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &attributes);
    }

    impl Drop for HiddenInput {
        fn drop(&mut self) {
            give_back(BEFORE.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Gives a terminal back as it was, if something is being typed. It waits for nobody, since a
    /// panic may call it anywhere.
    pub(crate) fn restore() {
        if let Ok(before) = BEFORE.try_lock() {
            give_back(before);
        }
    }

    /// What was typed and not read is a part of a secret, and not a command for the shell that comes
    /// next: it is thrown away.
    fn give_back(mut before: MutexGuard<'_, Option<Termios>>) {
        if let Some(before) = before.take()
            && is_foreground_job(io::stdin())
        {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &before);
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io::{self, Read};
    use std::time::Duration;

    use dialoguer::console::{Key, Term};

    use super::unbuffered;

    /// What is typed, key by key: a console shows the lines that are typed, and no keys.
    ///
    /// # Errors
    ///
    /// There is no standard input.
    pub fn typed() -> io::Result<Box<dyn Read>> {
        // Keys are of the console behind standard input; it is known by an output of the same one.
        match [Term::stderr(), Term::stdout()].into_iter().find(Term::is_term) {
            Some(console) => Ok(Box::new(Keys { console, rest: Vec::with_capacity(4) })),
            None => Ok(Box::new(unbuffered()?)),
        }
    }

    /// A console does not tell.
    pub fn has_more(_wait: Duration) -> bool {
        false
    }

    struct Keys {
        console: Term,
        /// The bytes of the last key that were not read yet, backwards.
        rest: Vec<u8>,
    }

    impl Read for Keys {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(first) = buffer.first_mut() else { return Ok(0) };
            loop {
                if let Some(byte) = self.rest.pop() {
                    *first = byte;
                    return Ok(1);
                }
                let key = match self.console.read_key()? {
                    Key::Enter => '\n',
                    Key::Backspace => '\x08',
                    Key::Escape => '\x1b',
                    Key::Char(key) => key,
                    _ => continue,
                };
                self.rest.extend(key.encode_utf8(&mut [0; 4]).bytes().rev());
            }
        }
    }

    /// Nothing is to be hidden, since [`typed`] shows nothing.
    #[derive(Debug)]
    pub struct HiddenInput;

    impl HiddenInput {
        /// Hides what is typed from now on.
        #[must_use]
        pub fn begin() -> Self {
            Self
        }
    }

    /// Nothing is to be hidden again.
    pub fn reapply() {}

    /// Nothing was taken.
    pub(crate) fn restore() {}
}

/// Standard input without the buffer of the standard library, which would keep what is a secret.
///
/// # Errors
///
/// What the system says.
#[cfg(unix)]
pub fn unbuffered() -> std::io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Standard input without the buffer of the standard library, which would keep what is a secret.
///
/// # Errors
///
/// What the system says.
#[cfg(windows)]
pub fn unbuffered() -> std::io::Result<std::fs::File> {
    use std::os::windows::io::AsHandle as _;
    Ok(std::io::stdin().as_handle().try_clone_to_owned()?.into())
}
