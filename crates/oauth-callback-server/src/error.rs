use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::port_owner::PortInUse;
use crate::rejected::RejectedCallback;

/// Why the `redirect_uri` cannot be bound. Nothing stays bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another process listens on each of the ports: on a loopback address, or on all addresses.
    #[error("{}", in_use(taken))]
    PortsInUse {
        /// The ports, in the order of the attempts.
        taken: Vec<PortInUse>,
    },
    /// [`BindOptions::callback_path`](crate::BindOptions::callback_path) is neither empty nor a path that begins with `/`.
    #[error("{path:?} is not the path of a redirect URI, such as /callback")]
    InvalidPath {
        /// The given path.
        path: String,
    },
    /// The system refuses the address for another reason.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason that the system gives.
        source: io::Error,
    },
}

fn in_use(taken: &[PortInUse]) -> String {
    let ports: Vec<String> = taken.iter().map(|taken| taken.port.to_string()).collect();
    match ports.as_slice() {
        [port] => format!("port {port} is in use"),
        ports => format!("ports {} are in use", ports.join(", ")),
    }
}

/// Why there is no authorization code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The authorization server, or the user, denied the request
    /// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    #[error("the authorization server refused: {error}")]
    Denied {
        /// The error code, such as `access_denied`, in printable characters only.
        error: String,
        /// The `error_description`, in printable characters only.
        error_description: Option<String>,
    },
    /// The callback has the right `state`, but neither a code nor an error.
    #[error("the callback has no authorization code")]
    MissingCode,
    /// The callback names another issuer than [`CallbackConfig::issuer`](crate::CallbackConfig::issuer), or none where
    /// one is required: a mix-up attack ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    #[error("the callback does not come from the issuer of this sign-in")]
    WrongIssuer,
    /// There was no callback in time.
    #[error("no callback came")]
    TimedOut {
        /// The timeout.
        after: Duration,
        /// The kinds of rejected callbacks until then, each once.
        rejected: Vec<RejectedCallback>,
    },
    /// The runtime cannot watch the sockets.
    #[error("cannot wait for connections")]
    Runtime(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names_each_port_in_use() {
        let taken = |port| PortInUse { port, owner: None };
        let message = |ports: &[u16]| {
            let taken = ports.iter().copied().map(taken).collect();
            BindError::PortsInUse { taken }.to_string()
        };
        assert_eq!(message(&[1455]), "port 1455 is in use");
        assert_eq!(message(&[1455, 1457]), "ports 1455, 1457 are in use");
    }
}
