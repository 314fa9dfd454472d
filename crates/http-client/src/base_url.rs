use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, ParseError, Position, Url};

/// The base URL of a server: an issuer, or the platform's API.
///
/// It is `https`, or `http` to a loopback host
/// ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2) requires TLS). It has no
/// query, fragment or user. A trailing `/` is trimmed, so that the text equals an `iss`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    url: Url,
}

impl BaseUrl {
    /// The base as text, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, with a port that is not the default, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        host(&self.url)
    }

    /// Whether the host is loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// The URL of `path_and_query` under this base. It begins with `/` and is already
    /// percent-encoded.
    #[must_use]
    pub fn join(&self, path_and_query: &str) -> Url {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::IdnaError => InvalidBaseUrl::HostName,
            _ => InvalidBaseUrl::NotAUrl,
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidBaseUrl::User);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidBaseUrl::QueryOrFragment);
        }
        match url.scheme() {
            "http" | "https" if is_unspecified(&url) => {
                return Err(InvalidBaseUrl::UnspecifiedAddress);
            }
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(InvalidBaseUrl::PlainHttp),
            _ => return Err(InvalidBaseUrl::Scheme),
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), url })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is not a valid base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBaseUrl {
    /// Not a URL, or a URL without a host.
    #[error("it is not a URL, such as https://id.example.com")]
    NotAUrl,
    /// A host with non-ASCII or invalid characters. IDNs are not translated.
    #[error(
        "the host in it is no host's name; one with letters beyond ASCII is written in its xn-- form"
    )]
    HostName,
    /// The scheme is not `https`.
    #[error("it has to begin with https://")]
    Scheme,
    /// Plain `http` to another machine: tokens would be sent unencrypted.
    #[error("plain http is accepted for localhost, 127.0.0.1 and [::1] only")]
    PlainHttp,
    /// The address that a server listens on to be reached at any of its own.
    #[error("0.0.0.0 and [::] are not the address of a server: use 127.0.0.1 or [::1]")]
    UnspecifiedAddress,
    /// The URL has a query or a fragment, which would end up in the middle of an endpoint.
    #[error("it must not have a query (?) or a fragment (#)")]
    QueryOrFragment,
    /// The URL has credentials, which would end up in logs.
    #[error("it must not have a user name or a password")]
    User,
}

/// The value of the `Host` header
/// ([RFC 9110 §7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2)).
pub(crate) fn host(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// Whether nobody on the network can read or change what is sent to this URL: it is `https`, or `http` to
/// a loopback host.
#[must_use]
pub fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => !is_unspecified(url),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether the host is loopback: `localhost` or a name under it, `127.0.0.0/8`, also as an IPv6 address,
/// or `[::1]`. The client connects to such a name at a loopback address only.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_localhost(name),
        _ => address(url).is_some_and(|it| it.is_loopback()),
    }
}

/// Whether the name means this machine, whatever a resolver says
/// ([RFC 6761 §6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
pub(crate) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

/// Some systems connect such an address to this machine.
fn is_unspecified(url: &Url) -> bool {
    address(url).is_some_and(|it| it.is_unspecified())
}

fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.to_canonical()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_refused(text: &str, why: InvalidBaseUrl) {
        assert_eq!(text.parse::<BaseUrl>().unwrap_err(), why, "{text}");
    }

    #[track_caller]
    fn assert_text(text: &str, as_text: &str) {
        assert_eq!(text.parse::<BaseUrl>().unwrap().as_str(), as_text);
    }

    // threats 84
    #[test]
    fn plain_http_is_allowed_only_for_loopback() {
        assert_text("http://localhost:8080", "http://localhost:8080");
        assert_text("http://127.0.0.1:1/x/", "http://127.0.0.1:1/x");
        assert_text("http://[::1]:1", "http://[::1]:1");
        assert_text("http://[::ffff:127.0.0.1]:1", "http://[::ffff:7f00:1]:1");
        assert_text("http://app.LOCALHOST.", "http://app.localhost.");
        for host in
            ["auth.openai.com", "localhost.evil.test", "notlocalhost", "10.0.0.1", "[::ffff:a00:1]"]
        {
            assert_refused(&format!("http://{host}"), InvalidBaseUrl::PlainHttp);
        }
    }

    /// A connection to them reaches this machine on some systems.
    // threats 84
    #[test]
    fn unspecified_address_is_refused() {
        for host in ["0.0.0.0", "0", "[::]", "[::ffff:0:0]"] {
            for scheme in ["http", "https"] {
                let text = format!("{scheme}://{host}:8080");
                assert_refused(&text, InvalidBaseUrl::UnspecifiedAddress);
                assert!(!is_secure(&text.parse().unwrap()), "{text}");
            }
        }
        assert!(InvalidBaseUrl::UnspecifiedAddress.to_string().contains("127.0.0.1"));
    }

    // threats 7
    #[test]
    fn base_url_has_no_query_fragment_or_user() {
        assert_text("https://auth.openai.com/", "https://auth.openai.com");
        assert_text("https://auth.openai.com/tenant//", "https://auth.openai.com/tenant");
        assert_refused("https://a.test/?x=1", InvalidBaseUrl::QueryOrFragment);
        assert_refused("https://a.test/#x", InvalidBaseUrl::QueryOrFragment);
        assert_refused("https://user@a.test/", InvalidBaseUrl::User);
        assert_refused("https://:secret@a.test/", InvalidBaseUrl::User);
        assert_refused("ftp://a.test/", InvalidBaseUrl::Scheme);
        assert_refused("file:///etc/passwd", InvalidBaseUrl::Scheme);
        assert!(!is_secure(&"file:///etc/passwd".parse().unwrap()));
        assert_refused("auth.openai.com", InvalidBaseUrl::NotAUrl);
        assert_refused("", InvalidBaseUrl::NotAUrl);
    }

    #[test]
    fn non_ascii_host_is_refused_with_its_punycode_form() {
        assert_text("https://xn--bcher-kva.test", "https://xn--bcher-kva.test");
        for host in
            ["b\u{fc}cher.test", "b%C3%BCcher.test", "\u{ff4c}ocalhost", "a b.test", "xn--.test"]
        {
            assert_refused(&format!("https://{host}/"), InvalidBaseUrl::HostName);
        }
        assert!(InvalidBaseUrl::HostName.to_string().contains("in its xn-- form"));
    }

    #[test]
    fn host_includes_a_port_that_is_not_the_default() {
        for (url, named) in [
            ("https://a.test/tenant", "a.test"),
            ("https://a.test:443", "a.test"),
            ("https://a.test:8443/tenant", "a.test:8443"),
            ("http://127.0.0.1:9", "127.0.0.1:9"),
            ("http://[::1]:9/x", "[::1]:9"),
            ("http://localhost", "localhost"),
        ] {
            assert_eq!(url.parse::<BaseUrl>().unwrap().host(), named);
        }
    }

    #[test]
    fn endpoint_keeps_the_path_of_its_base() {
        let base: BaseUrl = "https://a.test/tenant/".parse().unwrap();
        assert_eq!(base.join("/oauth/token").as_str(), "https://a.test/tenant/oauth/token");
        assert_eq!(
            base.join("/p/org%2F1?limit=1&a=b").as_str(),
            "https://a.test/tenant/p/org%2F1?limit=1&a=b"
        );
        assert_eq!(base.join("/").as_str(), "https://a.test/tenant/");
    }
}
