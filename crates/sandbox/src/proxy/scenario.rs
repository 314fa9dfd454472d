use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;

/// The configuration of a proxy: protocol, login, hosts, and faults.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyScenario {
    /// Its protocol.
    pub kind: ProxyKind,
    /// Its port; 0 selects a free one.
    pub port: u16,
    /// The login that it requires, if any.
    pub login: Option<ProxyLogin>,
    /// The address for each name in lower case and port. Loopback addresses are connected directly;
    /// other targets are refused.
    pub hosts: BTreeMap<(String, u16), SocketAddr>,
    /// What it does with a request for a tunnel.
    pub conduct: ProxyConduct,
}

impl ProxyScenario {
    /// A proxy that takes `CONNECT` ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).
    #[must_use]
    pub fn http() -> Self {
        Self::new(ProxyKind::Http)
    }

    /// A proxy that speaks SOCKS version 5 ([RFC 1928](https://www.rfc-editor.org/rfc/rfc1928)).
    #[must_use]
    pub fn socks5() -> Self {
        Self::new(ProxyKind::Socks5)
    }

    fn new(kind: ProxyKind) -> Self {
        Self { kind, port: 0, login: None, hosts: BTreeMap::new(), conduct: ProxyConduct::Normal }
    }

    /// Adds the address of a name and port.
    #[must_use]
    pub fn host(mut self, name: &str, port: u16, to: SocketAddr) -> Self {
        self.hosts.insert((name.to_ascii_lowercase(), port), to);
        self
    }

    pub(super) fn resolve(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let known = self.hosts.get(&(host.to_ascii_lowercase(), port)).copied();
        known.or_else(|| {
            let address: IpAddr = host.parse().ok()?;
            address.is_loopback().then_some(SocketAddr::new(address, port))
        })
    }
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP/1.1 `CONNECT`; any other method returns 405.
    Http,
    /// SOCKS version 5; the proxy resolves the names.
    Socks5,
}

/// A user name and a password: `Basic`
/// ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)) with HTTP,
/// [RFC 1929](https://www.rfc-editor.org/rfc/rfc1929) with SOCKS.
///
/// `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyLogin {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl ProxyLogin {
    /// A name and a password.
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned() }
    }

    /// `name:password`, as sent to either kind of proxy.
    pub(super) fn pair(&self) -> String {
        format!("{}:{}", self.user, self.password)
    }

    pub(super) fn is_basic(&self, authorization: Option<&str>) -> bool {
        let Some((scheme, sent)) = authorization.and_then(|text| text.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("basic") && sent.trim() == STANDARD.encode(self.pair())
    }
}

impl fmt::Debug for ProxyLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a proxy does with a request for a tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyConduct {
    /// It connects to the target.
    #[default]
    Normal,
    /// It sends these bytes for every request.
    Respond(Vec<u8>),
    /// It never responds: to the request with HTTP, to the greeting with SOCKS.
    Hang,
    /// It closes the connection instead of a response.
    Close,
}

impl ProxyConduct {
    /// The HTTP response with this status, and the bytes after its head: the body of an error, or
    /// the first data of a tunnel. A 407 requests `Basic`.
    #[must_use]
    pub fn status(status: u16, then: &[u8]) -> Self {
        Self::Respond([head(status, then.len()).as_bytes(), then].concat())
    }

    /// The SOCKS reply with this code, such as 2 for "not allowed by ruleset"
    /// ([RFC 1928 §6](https://www.rfc-editor.org/rfc/rfc1928#section-6)), and the bytes after it.
    #[must_use]
    pub fn reply(code: u8, then: &[u8]) -> Self {
        Self::Respond([&reply(code), then].concat())
    }
}

/// A 2xx to `CONNECT` has no length: the tunnel follows.
pub(super) fn head(status: u16, length: usize) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default());
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        head.push_str("proxy-authenticate: Basic realm=\"sandbox\"\r\n");
    }
    if !(200..300).contains(&status) {
        head.push_str(&format!("connection: close\r\ncontent-length: {length}\r\n"));
    }
    head + "\r\n"
}

/// The address is for `BIND`, which is not supported.
pub(super) fn reply(code: u8) -> [u8; 10] {
    let [a, b, c, d] = Ipv4Addr::UNSPECIFIED.octets();
    [5, code, 0, 1, a, b, c, d, 0, 0]
}
