use std::io;

use crate::Error;

/// Why a call of the database has failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The row cannot be used.
    #[error(transparent)]
    Store(Error),
    /// Without a key nothing is stored or read.
    #[error("no key file is named")]
    NoKeyFile,
    /// [`Calls::is_cancelled`](super::Calls::is_cancelled) has ended the call.
    #[error("it was interrupted")]
    Interrupted,
    /// The system has no thread, or no runtime.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
}

impl<E: Into<Error>> From<E> for CallError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}
