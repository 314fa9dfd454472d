use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use tokio::net::TcpSocket;

use crate::Holder;

/// Where to listen, and for how long to put up with whom.
#[derive(Clone, Debug)]
pub struct BindOptions {
    /// The port, on both loopback addresses; 0 lets the system choose one that is free on both.
    pub port: u16,
    /// The path of the `redirect_uri`, beginning with a `/`.
    pub callback_path: &'static str,
    /// The bounds of every connection.
    pub limits: Limits,
}

impl Default for BindOptions {
    /// Any free port, and the path that both registered clients use.
    fn default() -> Self {
        Self { port: 0, callback_path: "/auth/callback", limits: Limits::default() }
    }
}

/// How much time and room the server gives to its clients, known or not.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a client may take for the head of its request.
    pub head: Duration,
    /// How long a client may take to accept an answer.
    pub answer: Duration,
    /// How long a redirected browser may take to ask for the page that it was sent to.
    pub landing: Duration,
    /// How many connections are held at once. When one more comes, the oldest that is owed nothing
    /// has to go.
    pub connections: usize,
}

impl Default for Limits {
    /// Five seconds for everything, and 512 connections: room for the browser's, whoever floods.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            answer: Duration::from_secs(5),
            landing: Duration::from_secs(5),
            connections: 512,
        }
    }
}

/// The bound `redirect_uri`. A browser that comes before [`CallbackServer::wait`] is called is kept
/// waiting by the system.
#[derive(Debug)]
pub struct CallbackServer {
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) options: BindOptions,
}

impl CallbackServer {
    /// Binds `127.0.0.1` and `[::1]`, because the `redirect_uri` says `localhost` and a browser may
    /// try either: a stranger on one of them would receive the code
    /// ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)). It needs no runtime.
    ///
    /// # Errors
    ///
    /// [`BindError::PortInUse`] when somebody else listens there, to whom nothing was sent, and
    /// [`BindError::Listen`] when the system refuses for another reason. A machine without IPv6 is
    /// no error.
    pub fn bind(options: &BindOptions) -> Result<Self, BindError> {
        let (listeners, port) = match options.port {
            0 => (bind_any()?, 0),
            port => (bind_both(port)?, port),
        };
        let bound = listeners.first().and_then(|first| first.local_addr().ok());
        let port = bound.map_or(port, |address| address.port());
        let options = BindOptions { port, ..options.clone() };
        Ok(Self { listeners, options })
    }

    /// The port that is bound, also when the system chose it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// The `redirect_uri` as it is registered: with the word `localhost`.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        let BindOptions { port, callback_path, .. } = self.options;
        format!("http://localhost:{port}{callback_path}")
    }
}

/// Why the `redirect_uri` cannot be listened on. Nothing stays bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody else listens on the port: on a loopback address, or on all addresses.
    #[error("port {port} is in use")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
        /// Who listens there, as far as the system tells.
        holder: Option<Holder>,
    },
    /// The system refuses the address for another reason.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was to be bound.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

const LOOPBACK_V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A port that the system gives for IPv4 may be taken on IPv6; so many in a row never are.
const TRIES_FOR_A_FREE_PORT: usize = 16;

fn bind_any() -> Result<Vec<TcpListener>, BindError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match bind_pair(0) {
            Err(Refusal { source, .. })
                if source.kind() == io::ErrorKind::AddrInUse && tries < TRIES_FOR_A_FREE_PORT => {}
            Err(Refusal { address, source }) => return Err(BindError::Listen { address, source }),
            Ok(listeners) => return Ok(listeners),
        }
    }
}

fn bind_both(port: u16) -> Result<Vec<TcpListener>, BindError> {
    bind_pair(port).map_err(|Refusal { address, source }| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::PortInUse { port, holder: Holder::of_port(port) },
        _ => BindError::Listen { address, source },
    })
}

/// One address that could not be bound, before it is known what that means.
struct Refusal {
    address: SocketAddr,
    source: io::Error,
}

fn bind_pair(port: u16) -> Result<Vec<TcpListener>, Refusal> {
    refuse_a_stranger_on_all_addresses(port)?;
    let v4 = listen(SocketAddr::new(LOOPBACK_V4, port))?;
    let port = v4.local_addr().map_or(port, |address| address.port());
    match listen(SocketAddr::new(LOOPBACK_V6, port)) {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(Refusal { source, .. }) if is_without_ipv6(&source) => Ok(vec![v4]),
        Err(refusal) => Err(refusal),
    }
}

/// On Unix, std sets `SO_REUSEADDR`, so that the last run's connections in `TIME_WAIT` are no
/// obstacle. `SO_REUSEPORT` would let a stranger share the port and is never set.
fn listen(address: SocketAddr) -> Result<TcpListener, Refusal> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bind().map_err(|source| Refusal { address, source })
}

/// Linux refuses a loopback address while somebody listens on all of them. Other systems let the
/// more specific address win, so there the wildcard is bound for a moment to see whether it is free;
/// without listening, so nobody can connect to it.
fn refuse_a_stranger_on_all_addresses(port: u16) -> Result<(), Refusal> {
    if cfg!(target_os = "linux") || port == 0 {
        return Ok(());
    }
    for ip in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
        let address = SocketAddr::new(ip, port);
        match bind_without_listening(address) {
            Err(source) if source.kind() == io::ErrorKind::AddrInUse => {
                return Err(Refusal { address, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn bind_without_listening(address: SocketAddr) -> io::Result<()> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(cfg!(unix))?;
    socket.bind(address)
}

/// The only two refusals of `[::1]` that say "there is no IPv6 here" and not "somebody else is".
fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(ADDRESS_FAMILY_NOT_SUPPORTED)
}

/// `EAFNOSUPPORT`, for which std has no stable name.
const ADDRESS_FAMILY_NOT_SUPPORTED: i32 = if cfg!(windows) {
    10047
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    97
} else {
    47
};

#[cfg(test)]
mod tests {
    use super::*;

    // threats 57
    #[test]
    fn only_a_machine_without_ipv6_does_without_ipv6() {
        let refusal = |code| is_without_ipv6(&io::Error::from_raw_os_error(code));
        assert!(refusal(ADDRESS_FAMILY_NOT_SUPPORTED));
        assert!(is_without_ipv6(&io::ErrorKind::AddrNotAvailable.into()));
        for kind in [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied] {
            assert!(!is_without_ipv6(&kind.into()), "{kind:?}");
        }
    }

    // threats 59
    #[test]
    fn a_wildcard_that_is_taken_is_seen_without_listening() {
        let stranger = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let taken = stranger.local_addr().unwrap();
        let seen = bind_without_listening(taken).unwrap_err();
        assert_eq!(seen.kind(), io::ErrorKind::AddrInUse);
        drop(stranger);
        bind_without_listening(taken).unwrap();
    }

    #[test]
    fn the_redirect_uri_says_localhost() {
        let server = CallbackServer::bind(&BindOptions::default()).unwrap();
        let expected = format!("http://localhost:{}/auth/callback", server.port());
        assert_eq!(server.redirect_uri(), expected);
        assert_ne!(server.port(), 0);
    }
}
