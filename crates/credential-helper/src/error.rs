use std::io;
use std::time::Duration;

/// Why a helper did not do what it was asked to do.
///
/// No variant holds anything of a secret, neither of one that was to be stored nor of a stored one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program is in none of the folders. The person installs it, or names another store.
    #[error("{program} is not installed")]
    NotInstalled {
        /// The program that was looked for.
        program: String,
    },
    /// The helper did not end in time: its store waits for somebody to unlock it, or hangs. It was
    /// killed; whether an entry was stored or erased is not known.
    #[error("{program} did not answer within {after:?} and was stopped")]
    TimedOut {
        /// The helper.
        program: String,
        /// The deadline.
        after: Duration,
    },
    /// The call was cancelled: the helper was killed, or not started. Whether an entry was stored or erased is
    /// not known.
    #[error("{program} was stopped")]
    Cancelled {
        /// The helper.
        program: String,
    },
    /// The helper ended with a failure: a store that is locked, not set up, or out of reach.
    #[error("{program} refused: {message}")]
    Refused {
        /// The helper.
        program: String,
        /// What it said: one line of at most 200 visible characters. Where it said nothing, how it
        /// ended.
        message: String,
    },
    /// The helper ended well and its answer is not one of the protocol, or is larger than 1 MiB.
    #[error("{program} gave an answer that is not of its protocol")]
    Misshapen {
        /// The helper.
        program: String,
    },
    /// The helper is there, and the system would not start it or follow it to its end.
    #[error("cannot run {program}")]
    Io {
        /// The helper.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A name of a helper that is empty, or has another character than ASCII letters and digits, `.`,
/// `_` and `-`.
///
/// The name becomes a part of a program's: it must not lead to another folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a credential helper has letters, digits, `.`, `_` and `-` only")]
pub struct InvalidName;
