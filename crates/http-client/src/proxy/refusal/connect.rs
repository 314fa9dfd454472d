//! `CONNECT` in plain HTTP ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).

use http::HeaderValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::proxy::ProxyFailure;

pub(super) async fn refusal(
    stream: &mut TcpStream,
    target: &str,
    authorization: Option<&HeaderValue>,
) -> Option<ProxyFailure> {
    stream.write_all(&request(authorization, target)).await.ok()?;
    let status = status_of(&first_bytes(stream).await?)?;
    match status {
        407 => Some(ProxyFailure::AuthenticationRequired {
            status: Some(status),
            given: authorization.is_some(),
        }),
        200..300 => None,
        _ => Some(ProxyFailure::Refused { status }),
    }
}

fn request(authorization: Option<&HeaderValue>, target: &str) -> Vec<u8> {
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(value) = authorization {
        head.extend(b"Proxy-Authorization: ");
        head.extend(value.as_bytes());
        head.extend(b"\r\n");
    }
    head.extend(b"\r\n");
    head
}

/// `HTTP/1.1 407` is twelve bytes; whatever follows does not matter.
async fn first_bytes(stream: &mut TcpStream) -> Option<[u8; 12]> {
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.ok()?;
    Some(line)
}

fn status_of(line: &[u8]) -> Option<u16> {
    let (version, status) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    version.starts_with("HTTP/1.").then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 203
    #[test]
    fn a_status_line_has_a_version_and_a_status() {
        assert_eq!(status_of(b"HTTP/1.1 407"), Some(407));
        assert_eq!(status_of(b"HTTP/1.0 200"), Some(200));
        for line in [&b"HTTP/2 20000"[..], b"SSH-2.0-x 20", b"HTTP/1.1 4x7", b"\xff\xff\xff 200"] {
            assert_eq!(status_of(line), None, "{line:?}");
        }
    }
}
