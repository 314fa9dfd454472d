//! What a person does while the browser is awaited: they bring the address where theirs has ended, or
//! ask for a device code. They type it, or a program that they use writes it to standard input.
//!
//! A terminal is read on a thread of its own, which looks before it reads: a program in the background that
//! reads from its terminal would be stopped, and what is typed then is meant for another program.

#[cfg(unix)]
mod entry;
mod lines;
#[cfg(unix)]
mod unix;

pub(crate) use lines::lines;

#[cfg(unix)]
pub(crate) use unix::Keyboard;

#[cfg(not(unix))]
pub(crate) use elsewhere::Keyboard;

#[cfg(not(unix))]
mod elsewhere {
    use login::Inputs;

    /// There is none on this system: its consoles are where its browsers are.
    pub(crate) struct Keyboard;

    impl Keyboard {
        pub(crate) fn listen(_has_device_key: bool) -> Option<(Self, Inputs)> {
            None
        }
    }
}
