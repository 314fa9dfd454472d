use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::listen::{ANY, Listeners, listen_on};
use crate::port_owner::PortInUse;
use crate::{ErrorKind, Limits, PortOwner};

/// Where to listen.
#[derive(Clone, Debug)]
pub struct BindOptions {
    /// The ports to try, in this order: the first that is free on both loopback addresses is bound.
    /// 0 stands for any that the system chooses, and so does an empty list.
    pub ports: Vec<u16>,
    /// The ports to try next, if other programs hold all of `ports`. They are not tried if this program, run
    /// by the same user, holds one of `ports`: that sign-in has to end first.
    pub fallback_ports: Vec<u16>,
    /// The host of the `redirect_uri`.
    pub redirect_host: RedirectHost,
    /// The path of the `redirect_uri`, beginning with a `/`.
    pub callback_path: &'static str,
    /// Whether the authorization response may come as a form as well: a `POST` with the parameters in its
    /// body, for an authorization request with `response_mode=form_post`
    /// ([OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)).
    /// The code is then in no address that a browser remembers
    /// ([RFC 9700 §4.3.1](https://www.rfc-editor.org/rfc/rfc9700#section-4.3.1)).
    pub form_post: bool,
    /// The bounds of every connection.
    pub limits: Limits,
}

impl Default for BindOptions {
    /// Any free port, and the path that both registered clients use.
    fn default() -> Self {
        Self {
            ports: vec![ANY],
            fallback_ports: Vec::new(),
            redirect_host: RedirectHost::default(),
            callback_path: "/auth/callback",
            form_post: false,
            limits: Limits::default(),
        }
    }
}

/// What the `redirect_uri` calls this machine. A client may be registered with one of them alone; both
/// addresses are listened on, whichever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectHost {
    /// `localhost`, which a browser may have learned to ask by `https` alone
    /// ([RFC 6797 §8.1.1](https://www.rfc-editor.org/rfc/rfc6797#section-8.1.1): that is for names, and not
    /// for addresses).
    #[default]
    Localhost,
    /// `127.0.0.1`, as [RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3) would rather have
    /// it.
    Ipv4,
}

impl RedirectHost {
    /// As it stands in the `redirect_uri`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Localhost => "localhost",
            Self::Ipv4 => "127.0.0.1",
        }
    }
}

/// The bound `redirect_uri`. A browser that comes before [`CallbackServer::wait`] is called is kept
/// waiting by the system.
#[derive(Debug)]
pub struct CallbackServer {
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) options: BindOptions,
    port: u16,
}

impl CallbackServer {
    /// Binds `127.0.0.1` and `[::1]`, because the `redirect_uri` may say `localhost` and a browser may
    /// try either: a stranger on one of them would receive the code
    /// ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)). It needs no runtime.
    ///
    /// # Errors
    ///
    /// [`BindError::PortsInUse`] when somebody else listens on each of the ports, to whom nothing
    /// was sent there, and [`BindError::Listen`] when the system refuses for another reason, or when
    /// no way leads to a loopback address. A machine without IPv6 is no error.
    pub fn bind(options: &BindOptions) -> Result<Self, BindError> {
        let path = options.callback_path;
        let is_path = |byte: u8| byte.is_ascii_graphic() && !b"?#\\\"<>^`{|}".contains(&byte);
        if !path.starts_with('/') || path.starts_with("//") || !path.bytes().all(is_path) {
            return Err(BindError::InvalidPath { path });
        }
        let Listeners { port, sockets } = first_free_of(options)?;
        Ok(Self { listeners: sockets, options: options.clone(), port })
    }

    /// The port that is bound, whichever it is.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The `redirect_uri` as it is registered, with the port that is bound.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        let host = self.options.redirect_host.as_str();
        format!("http://{host}:{}{}", self.port, self.options.callback_path)
    }
}

/// Why the `redirect_uri` cannot be listened on. Nothing stays bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody else listens on each port that was to be tried: on a loopback address, or on all
    /// addresses.
    #[error("{}", in_use(taken))]
    PortsInUse {
        /// The ports, in the order in which they were tried.
        taken: Vec<PortInUse>,
    },
    /// The path of the `redirect_uri` is none: it does not begin with a `/`, or has a part that is no path.
    #[error("{path:?} is no path of a redirect URI, such as /auth/callback")]
    InvalidPath {
        /// What was given.
        path: &'static str,
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

impl BindError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::PortsInUse { .. } => ErrorKind::PortInUse,
            Self::InvalidPath { .. } | Self::Listen { .. } => ErrorKind::System,
        }
    }
}

fn in_use(taken: &[PortInUse]) -> String {
    let ports: Vec<String> = taken.iter().map(|taken| taken.port.to_string()).collect();
    match ports.as_slice() {
        [port] => format!("port {port} is in use"),
        ports => format!("ports {} are in use", ports.join(", ")),
    }
}

/// Those ports, and the others where only strangers are in the way.
fn first_free_of(options: &BindOptions) -> Result<Listeners, BindError> {
    let is_ours = |taken: &PortInUse| taken.owner.as_ref().is_some_and(|it| it.same_program);
    match first_free(&options.ports) {
        Err(BindError::PortsInUse { taken })
            if !options.fallback_ports.is_empty() && !taken.iter().any(is_ours) =>
        {
            match first_free(&options.fallback_ports) {
                Err(BindError::PortsInUse { taken: others }) => {
                    Err(BindError::PortsInUse { taken: [taken, others].concat() })
                }
                outcome => outcome,
            }
        }
        outcome => outcome,
    }
}

/// Passes over the ports that are taken, and over nothing else: what the system forbids on one port
/// is to be known, not to be avoided.
fn first_free(ports: &[u16]) -> Result<Listeners, BindError> {
    let mut taken = Vec::new();
    for &port in if ports.is_empty() { &[ANY] } else { ports } {
        match listen_on(port) {
            Ok(listeners) => return Ok(listeners),
            Err(refusal) if refusal.is_taken() && port != ANY => {
                taken.push(PortInUse { port, owner: PortOwner::of_port(port) });
            }
            Err(refusal) => {
                let (address, source) = (refusal.address, refusal.source);
                return Err(BindError::Listen { address, source });
            }
        }
    }
    Err(BindError::PortsInUse { taken })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_redirect_uri_says_localhost() {
        let server = CallbackServer::bind(&BindOptions::default()).unwrap();
        let expected = format!("http://localhost:{}/auth/callback", server.port());
        assert_eq!(server.redirect_uri(), expected);
        assert_ne!(server.port(), ANY);
        let options = BindOptions { redirect_host: RedirectHost::Ipv4, ..BindOptions::default() };
        let server = CallbackServer::bind(&options).unwrap();
        let expected = format!("http://127.0.0.1:{}/auth/callback", server.port());
        assert_eq!(server.redirect_uri(), expected);
    }

    /// This process is of the same program as this process.
    // threats 61
    #[test]
    #[cfg(target_os = "linux")]
    fn where_our_own_wait_is_in_the_way_no_other_port_is_tried() {
        let ours = CallbackServer::bind(&BindOptions::default()).unwrap();
        let free = CallbackServer::bind(&BindOptions::default()).unwrap().port();
        let options = |ports: &[u16], fallback_ports: &[u16]| BindOptions {
            ports: ports.to_vec(),
            fallback_ports: fallback_ports.to_vec(),
            ..BindOptions::default()
        };
        let refused = CallbackServer::bind(&options(&[ours.port()], &[free]));
        let Err(BindError::PortsInUse { taken }) = refused else { panic!("{refused:?}") };
        assert_eq!(taken.iter().map(|it| it.port).collect::<Vec<_>>(), [ours.port()]);
        let passed_over = CallbackServer::bind(&options(&[ours.port(), free], &[])).unwrap();
        assert_eq!(passed_over.port(), free);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "callback", "//callback", "/a b", "/a?b", "/a#b", "/\u{e9}", "/a\nb"] {
            let options = BindOptions { callback_path: path, ..BindOptions::default() };
            let refused = CallbackServer::bind(&options);
            assert!(matches!(refused, Err(BindError::InvalidPath { .. })), "{path:?}");
        }
        for path in ["/", "/callback", "/auth/callback/", "/a%20b", "/~me/;v=1"] {
            let options = BindOptions { callback_path: path, ..BindOptions::default() };
            CallbackServer::bind(&options).unwrap();
        }
    }

    #[test]
    fn all_ports_that_are_taken_are_named() {
        let taken = |port| PortInUse { port, owner: None };
        let words = |ports: &[u16]| {
            let taken = ports.iter().copied().map(taken).collect();
            BindError::PortsInUse { taken }.to_string()
        };
        assert_eq!(words(&[1455]), "port 1455 is in use");
        assert_eq!(words(&[1455, 1457]), "ports 1455, 1457 are in use");
    }
}
