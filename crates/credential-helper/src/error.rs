use std::io;
use std::time::Duration;

/// Why a call of a helper failed.
///
/// No variant contains a part of a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program is in none of the folders.
    #[error("{program} is not installed")]
    NotInstalled {
        /// The program.
        program: String,
    },
    /// The helper did not end in time: its store waits for an unlock, or hangs. It was killed; an entry
    /// may have been stored or erased.
    #[error("{program} did not respond within {after:?} and was stopped")]
    TimedOut {
        /// The helper.
        program: String,
        /// The deadline.
        after: Duration,
    },
    /// The call was cancelled: the helper was killed or not started. An entry may have been stored or
    /// erased.
    #[error("{program} was stopped")]
    Cancelled {
        /// The helper.
        program: String,
    },
    /// The helper failed: its store is locked, not set up, or not reachable.
    #[error("{program} refused: {message}")]
    Refused {
        /// The helper.
        program: String,
        /// Its message: one line of at most 200 visible characters, or the exit status if there is
        /// none.
        message: String,
    },
    /// The helper succeeded, but its answer is invalid or larger than 1 MiB.
    #[error("{program} gave an invalid response")]
    InvalidAnswer {
        /// The helper.
        program: String,
    },
    /// The system could not start or watch the helper.
    #[error("cannot run {program}")]
    Io {
        /// The helper.
        program: String,
        /// The error of the system.
        source: io::Error,
    },
}

/// The name of a helper is empty, or has a character other than ASCII letters and digits, `.`, `_` and
/// `-`.
///
/// The name is a part of a file name, and must not lead to another folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a credential helper has letters, digits, `.`, `_` and `-` only")]
pub struct InvalidName;
