use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;

/// What a proxy is to be: what it speaks, whom it lets through and where to, and what goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyScenario {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its port; 0 takes a free one.
    pub port: u16,
    /// What it demands of its clients, if anything.
    pub login: Option<ProxyLogin>,
    /// Where a name in lower case and a port lead. An address of this machine leads to itself;
    /// anything else that is not here is refused.
    pub hosts: BTreeMap<(String, u16), SocketAddr>,
    /// What it does when it is asked for a tunnel.
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
        Self { kind, port: 0, login: None, hosts: BTreeMap::new(), conduct: ProxyConduct::Honest }
    }

    /// The same with one more name that leads somewhere.
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

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP/1.1 `CONNECT`; any other method is answered with 405.
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

    /// Both in one text, as either kind of proxy is sent them.
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

/// What a proxy does when it is asked for a tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyConduct {
    /// What it should.
    #[default]
    Honest,
    /// It answers every request with these bytes, and with nothing more.
    Answer(Vec<u8>),
    /// It never answers: with HTTP the request, with SOCKS the greeting already.
    Hang,
    /// It closes the connection where it should answer.
    Close,
}

impl ProxyConduct {
    /// The HTTP answer with this status, and what comes after its head: the body of a refusal, or
    /// what comes down the tunnel of a 2xx. A 407 names `Basic`.
    #[must_use]
    pub fn status(status: u16, then: &[u8]) -> Self {
        Self::Answer([head(status, then.len()).as_bytes(), then].concat())
    }

    /// The SOCKS reply with this code, such as 2 for what its rules forbid
    /// ([RFC 1928 §6](https://www.rfc-editor.org/rfc/rfc1928#section-6)), and what comes after it.
    #[must_use]
    pub fn reply(code: u8, then: &[u8]) -> Self {
        Self::Answer([&reply(code), then].concat())
    }
}

/// A 2xx to `CONNECT` has no length: what follows is the tunnel.
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

/// The address in it is for `BIND`, which is not supported here.
pub(super) fn reply(code: u8) -> [u8; 10] {
    let [a, b, c, d] = Ipv4Addr::UNSPECIFIED.octets();
    [5, code, 0, 1, a, b, c, d, 0, 0]
}
