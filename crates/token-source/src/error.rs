use std::error::Error as StdError;
use std::time::Duration;

use crate::Holder;

/// Why there is no valid access token. `S` is the error of the store, and `E` that of the endpoint.
#[derive(Debug, thiserror::Error)]
pub enum Error<S: StdError + 'static, E: StdError + 'static> {
    /// There is no sign-in.
    #[error("not signed in")]
    NotSignedIn,
    /// The access token has expired, and the sign-in cannot be refreshed.
    #[error("the access token expired, and cannot be refreshed")]
    Expired,
    /// The store cannot be read. Nothing was sent.
    #[error(transparent)]
    Store(S),
    /// The store cannot be locked, or has no room for new tokens. Nothing was sent.
    #[error(transparent)]
    NotWritable(S),
    /// Another process held the lock the whole time. Nothing was sent.
    #[error("another program has kept the sign-in locked for {} s", waited.as_secs())]
    Busy {
        /// How long this process waited.
        waited: Duration,
        /// That process, if the store knows it.
        holder: Option<Holder>,
    },
    /// The sign-in was not refreshed.
    #[error(transparent)]
    Refresh(E),
    /// The server no longer accepts the refresh token, and no other program has stored a new one.
    #[error("the sign-in is no longer valid")]
    Rejected(#[source] E),
    /// There is no access token; or it has expired, and the response to the refresh has no new one, or
    /// another program has stored an old sign-in instead.
    #[error("there is no valid access token")]
    NoAccessToken,
    /// The new tokens could not be stored. The stored ones are spent.
    #[error("the new tokens could not be stored")]
    NotStored(#[source] S),
}
