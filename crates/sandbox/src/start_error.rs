use std::io;

use crate::openai::BrokenKey;
use crate::server::TlsError;

/// The sandbox, or a proxy, could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be opened.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port; 0 stands for any.
        port: u16,
        /// The reason.
        source: io::Error,
    },
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The signing key is damaged.
    #[error("cannot sign tokens")]
    Key(#[from] BrokenKey),
    /// The thread or its runtime did not start.
    #[error("cannot start a thread for the server")]
    Thread(#[source] io::Error),
}
