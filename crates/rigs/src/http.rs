//! An HTTP/1.1 client that measures: one request a connection.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use url::{Position, Url};

/// A response.
pub(crate) struct Response {
    /// The time from before the connection to the first byte.
    pub(crate) first_byte: Duration,
    pub(crate) bytes: Vec<u8>,
}

impl Response {
    /// `None` if it is no HTTP.
    pub(crate) fn status(&self) -> Option<u16> {
        let (version, rest) = self.bytes.split_at_checked(b"HTTP/1.1 ".len())?;
        // A request of HTTP/1.0 gets a response of HTTP/1.0.
        let is_http = [b"HTTP/1.1 ", b"HTTP/1.0 "].iter().any(|known| known[..] == *version);
        let status = rest.get(..3).filter(|_| is_http)?;
        std::str::from_utf8(status).ok()?.parse().ok()
    }

    /// Whether it is a TLS alert.
    pub(crate) fn is_tls_alert(&self) -> bool {
        const ALERT: u8 = 21;
        self.bytes.first() == Some(&ALERT)
    }

    /// The address of a redirect.
    pub(crate) fn location(&self) -> Option<Url> {
        let head = String::from_utf8_lossy(&self.bytes);
        let (head, _) = head.split_once("\r\n\r\n")?;
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
        value.parse().ok()
    }
}

/// A lost packet of a handshake alone takes a second, and three the next time.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Sends one request on a connection of its own, and reads until the other side closes.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Response> {
    let begun = Instant::now();
    let mut stream = connect(address)?;
    stream.write_all(request)?;
    read_response(&mut stream, begun)
}

/// Reads until the other side closes.
pub(crate) fn read_response(stream: &mut TcpStream, begun: Instant) -> io::Result<Response> {
    let mut bytes = vec![0; 4096];
    let read = stream.read(&mut bytes)?;
    let first_byte = begun.elapsed();
    bytes.truncate(read);
    stream.read_to_end(&mut bytes)?;
    Ok(Response { first_byte, bytes })
}

/// A browser's request for this address.
pub(crate) fn visit(url: &Url) -> Vec<u8> {
    get(
        &url[Position::BeforePath..Position::AfterQuery],
        &url[Position::BeforeHost..Position::AfterPort],
    )
}

pub(crate) fn get(target: &str, host: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_location_are_parsed_from_the_head() {
        let response = |text: &str| Response { first_byte: Duration::ZERO, bytes: text.into() };
        let found = response("HTTP/1.1 302 Found\r\nLocation: http://a/?b=c\r\n\r\nx");
        assert_eq!(found.status(), Some(302));
        assert_eq!(found.location().unwrap().as_str(), "http://a/?b=c");
        let page = response("HTTP/1.1 200 OK\r\n\r\nLocation: http://a/\r\n\r\n");
        assert_eq!((page.status(), page.location()), (Some(200), None));
        assert_eq!(response("HTTP/1.0 403 Forbidden\r\n\r\n").status(), Some(403));
        assert_eq!(response("SSH-2.0-OpenSSH").status(), None);
        assert_eq!(response("").status(), None);
    }

    #[test]
    fn visit_has_host_and_port_without_the_fragment() {
        let url = "http://localhost:1455/auth/callback?code=a%2Fb#top".parse().unwrap();
        let request = String::from_utf8(visit(&url)).unwrap();
        assert!(request.starts_with("GET /auth/callback?code=a%2Fb"), "{request}");
        assert!(request.contains("\r\nHost: localhost:1455\r\n"), "{request}");
    }
}
