use std::io;
use std::net::{Ipv6Addr, TcpListener};

use crate::listen::{ANY_PORT, Listeners, listen_on};
use crate::port_owner::PortInUse;
use crate::{BindError, Limits, PortOwner};

/// The `redirect_uri`, and the limits of its server.
///
/// ```
/// let options = oauth_callback_server::BindOptions::new("/callback").ports([8400, 8401]);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BindOptions {
    /// The ports to try in this order. The first port that is free on both loopback addresses is used. 0, or
    /// an empty list, means any free port.
    pub ports: Vec<u16>,
    /// The ports to try next, if other programs hold all of `ports`. They are not tried if this program, run
    /// by the same user, holds one of `ports`: that sign-in has to end first.
    pub fallback_ports: Vec<u16>,
    /// The host of the `redirect_uri`.
    pub redirect_host: RedirectHost,
    /// The path of the `redirect_uri`. It begins with `/`, or is empty for a `redirect_uri` without a path.
    pub callback_path: String,
    /// Whether the authorization response may also be a form: a `POST` with the parameters in its body, for an
    /// authorization request with `response_mode=form_post`
    /// ([OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)).
    /// The code is then in no URL of the browser's history
    /// ([RFC 9700 §4.3.1](https://www.rfc-editor.org/rfc/rfc9700#section-4.3.1)).
    pub form_post: bool,
    /// The limits of each connection.
    pub limits: Limits,
}

impl BindOptions {
    /// `http://127.0.0.1`, any free port, and this path.
    pub fn new(callback_path: impl Into<String>) -> Self {
        Self {
            ports: vec![ANY_PORT],
            fallback_ports: Vec::new(),
            redirect_host: RedirectHost::Ipv4,
            callback_path: callback_path.into(),
            form_post: false,
            limits: Limits::default(),
        }
    }

    /// Sets [`BindOptions::ports`].
    #[must_use]
    pub fn ports(self, ports: impl Into<Vec<u16>>) -> Self {
        Self { ports: ports.into(), ..self }
    }

    /// Sets [`BindOptions::fallback_ports`].
    #[must_use]
    pub fn fallback_ports(self, fallback_ports: impl Into<Vec<u16>>) -> Self {
        Self { fallback_ports: fallback_ports.into(), ..self }
    }

    /// Sets [`BindOptions::redirect_host`].
    #[must_use]
    pub fn redirect_host(self, redirect_host: RedirectHost) -> Self {
        Self { redirect_host, ..self }
    }

    /// Sets [`BindOptions::form_post`].
    #[must_use]
    pub fn form_post(self) -> Self {
        Self { form_post: true, ..self }
    }

    fn check_path(&self) -> Result<(), BindError> {
        let path = &self.callback_path;
        let is_path = |byte: u8| byte.is_ascii_graphic() && !b"?#\\\"<>^`{|}".contains(&byte);
        let is_rooted = path.is_empty() || (path.starts_with('/') && !path.starts_with("//"));
        if is_rooted && path.bytes().all(is_path) {
            return Ok(());
        }
        Err(BindError::InvalidPath { path: path.clone() })
    }
}

impl Default for BindOptions {
    /// `http://127.0.0.1`, any free port, and the path `/callback`.
    fn default() -> Self {
        Self::new("/callback")
    }
}

/// The host of the `redirect_uri`. An authorization server may have registered only one of them. The server
/// listens on both loopback addresses in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectHost {
    /// `localhost`. A browser may force https for this name
    /// ([RFC 6797 §8.1.1](https://www.rfc-editor.org/rfc/rfc6797#section-8.1.1)), but not for an address.
    Localhost,
    /// `127.0.0.1`, which [RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3) recommends.
    Ipv4,
    /// `[::1]`. The machine needs IPv6.
    Ipv6,
}

impl RedirectHost {
    /// The host as in the `redirect_uri`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Localhost => "localhost",
            Self::Ipv4 => "127.0.0.1",
            Self::Ipv6 => "[::1]",
        }
    }
}

/// The bound `redirect_uri`. The system queues connections until [`CallbackServer::wait`].
#[derive(Debug)]
pub struct CallbackServer {
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) options: BindOptions,
    port: u16,
}

impl CallbackServer {
    /// Binds `127.0.0.1` and `[::1]`: a browser may resolve `localhost` to either, and a program on the other
    /// address would receive the code
    /// ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)). This needs no async runtime.
    ///
    /// # Errors
    ///
    /// [`BindError::PortsInUse`] if another process listens on each of the ports; nothing is sent to it.
    /// [`BindError::InvalidPath`] for a path without a leading `/`. [`BindError::Listen`] if the system refuses
    /// for another reason, or has no route to `127.0.0.1`. A machine without IPv6 is not an error.
    pub fn bind(options: &BindOptions) -> Result<Self, BindError> {
        options.check_path()?;
        let Listeners { port, sockets } = bind_first_free(options)?;
        let is_ipv6 = |socket: &TcpListener| socket.local_addr().is_ok_and(|it| it.is_ipv6());
        if options.redirect_host == RedirectHost::Ipv6 && !sockets.iter().any(is_ipv6) {
            let address = (Ipv6Addr::LOCALHOST, port).into();
            let source = io::ErrorKind::AddrNotAvailable.into();
            return Err(BindError::Listen { address, source });
        }
        Ok(Self { listeners: sockets, options: options.clone(), port })
    }

    /// The bound port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The `redirect_uri` with the bound port.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        let host = self.options.redirect_host.as_str();
        format!("http://{host}:{}{}", self.port, self.options.callback_path)
    }
}

fn bind_first_free(options: &BindOptions) -> Result<Listeners, BindError> {
    let mut taken = match first_free(&options.ports) {
        Err(BindError::PortsInUse { taken }) => taken,
        outcome => return outcome,
    };
    let is_ours = |taken: &PortInUse| taken.owner.as_ref().is_some_and(|it| it.same_program);
    if options.fallback_ports.is_empty() || taken.iter().any(is_ours) {
        return Err(BindError::PortsInUse { taken });
    }
    match first_free(&options.fallback_ports) {
        Err(BindError::PortsInUse { taken: others }) => {
            taken.extend(others);
            Err(BindError::PortsInUse { taken })
        }
        outcome => outcome,
    }
}

/// Skips ports in use. Any other error ends the search, so that the user sees it.
fn first_free(ports: &[u16]) -> Result<Listeners, BindError> {
    let mut taken = Vec::new();
    for &port in if ports.is_empty() { &[ANY_PORT] } else { ports } {
        match listen_on(port) {
            Err(error) if error.is_address_in_use() && port != ANY_PORT => {
                taken.push(PortInUse { port, owner: PortOwner::of_port(port) });
            }
            outcome => return outcome,
        }
    }
    Err(BindError::PortsInUse { taken })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uri_has_the_chosen_host_and_the_bound_port() {
        for (redirect_host, host) in [
            (RedirectHost::Localhost, "localhost"),
            (RedirectHost::Ipv4, "127.0.0.1"),
            (RedirectHost::Ipv6, "[::1]"),
        ] {
            if redirect_host == RedirectHost::Ipv6 && TcpListener::bind("[::1]:0").is_err() {
                continue;
            }
            let options = BindOptions::default().redirect_host(redirect_host);
            let server = CallbackServer::bind(&options).unwrap();
            let expected = format!("http://{host}:{}/callback", server.port());
            assert_eq!(server.redirect_uri(), expected);
            assert_ne!(server.port(), ANY_PORT);
        }
    }

    /// The test process holds the first port and runs the same program as itself.
    // threats 61
    #[test]
    #[cfg(target_os = "linux")]
    fn fallback_ports_are_not_tried_while_this_program_holds_a_port() {
        let first = CallbackServer::bind(&BindOptions::default()).unwrap();
        let free = CallbackServer::bind(&BindOptions::default()).unwrap().port();
        let options = |ports: &[u16], fallback_ports: &[u16]| {
            BindOptions::default().ports(ports).fallback_ports(fallback_ports)
        };
        let refused = CallbackServer::bind(&options(&[first.port()], &[free]));
        let Err(BindError::PortsInUse { taken }) = refused else { panic!("{refused:?}") };
        assert_eq!(taken.iter().map(|it| it.port).collect::<Vec<_>>(), [first.port()]);
        let second = CallbackServer::bind(&options(&[first.port(), free], &[])).unwrap();
        assert_eq!(second.port(), free);
    }

    #[test]
    fn callback_path_must_be_a_path_that_begins_with_a_slash() {
        for path in ["callback", "//callback", "/a b", "/a?b", "/a#b", "/\u{e9}", "/a\nb"] {
            let refused = CallbackServer::bind(&BindOptions::new(path));
            assert!(matches!(refused, Err(BindError::InvalidPath { .. })), "{path:?}");
        }
        for path in ["", "/", "/callback", "/auth/callback/", "/a%20b", "/~me/;v=1"] {
            CallbackServer::bind(&BindOptions::new(path)).unwrap();
        }
    }
}
