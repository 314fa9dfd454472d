use std::error::Error as StdError;
use std::time::Duration;

use oauth_callback_server::{BindError, WaitError};

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system returned no random bytes. No port was opened.
    #[error(transparent)]
    NoRandomness(Box<dyn StdError + Send + Sync>),
    /// No port of the redirect URI could be opened.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The callback brought no code.
    #[error(transparent)]
    Callback(#[from] WaitError),
    /// The wait timed out, and a server of the sign-in was unreachable at the end of it.
    #[error("no callback came, and {} could not be reached", source.host())]
    Unreachable {
        /// How long the wait was.
        after: Duration,
        /// Why the server was unreachable.
        source: http_client::Error,
    },
    /// The server issued no device code, or ended the device sign-in.
    #[error("cannot sign in by device code")]
    DeviceCode(#[source] token_client::Error),
    /// The person denied the sign-in on the other device.
    #[error("the sign-in was denied on the other device")]
    DeviceDenied,
    /// The device code expired before the person approved.
    #[error("the device code was not used in time")]
    DeviceExpired,
    /// The code could not be exchanged for tokens.
    #[error("cannot exchange the code for tokens")]
    CodeExchange(#[source] token_client::Error),
}

impl From<pkce::NoRandomness> for Error {
    fn from(error: pkce::NoRandomness) -> Self {
        Self::NoRandomness(error.into())
    }
}

impl From<oauth_callback_server::NoRandomness> for Error {
    fn from(error: oauth_callback_server::NoRandomness) -> Self {
        Self::NoRandomness(error.into())
    }
}
