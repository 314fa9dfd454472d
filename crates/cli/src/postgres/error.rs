use std::io;

/// Why the row cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Store(postgres_store::Error),
    /// The same for the administrator, who sets the database up.
    #[error(transparent)]
    SetUp(postgres_store::Error),
    /// Without a key nothing is stored or read.
    #[error("LOGIN_CLI_STORE_KEY_FILE does not name a key file")]
    NoKeyFile,
    /// A signal has ended the call.
    #[error("it was interrupted")]
    Interrupted,
    /// The system has no thread, or no runtime.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
}

impl<E: Into<postgres_store::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}
