use std::io;

use auth_store::ClaimError;

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
    #[error("cannot start a thread for the database")]
    Runtime(#[source] io::Error),
}

impl From<CallError> for ClaimError {
    fn from(error: CallError) -> Self {
        match error {
            // The statement may have been sent.
            CallError::Interrupted | CallError::Store(Error::MayBeStored(_)) => {
                Self::MayBeStored(error.into())
            }
            _ => Self::NotStored(error.into()),
        }
    }
}

impl<E: Into<Error>> From<E> for CallError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_says_whether_the_entry_may_be_stored() {
        let overtaken = || Error::Overtaken { name: String::new() };
        for (error, may_be_stored) in [
            (CallError::Interrupted, true),
            (CallError::Store(Error::MayBeStored(overtaken().into())), true),
            (CallError::Store(overtaken()), false),
            (CallError::NoKeyFile, false),
        ] {
            let error = ClaimError::from(error);
            assert_eq!(matches!(error, ClaimError::MayBeStored(_)), may_be_stored, "{error:?}");
        }
    }
}
