//! Why a proxy made no tunnel. The HTTP library says only that it made none, so the proxy is asked
//! once more, and its status line read.

use std::time::Duration;

use http::{HeaderValue, Uri};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::proxy::{ProxyFailure, Via};

/// A proxy that has refused once does so at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// What `via` says to a tunnel to `target`, a host with its port; `None` where it cannot be asked, or
/// makes one.
pub(crate) async fn refusal(via: &Via, target: &str) -> Option<ProxyFailure> {
    let (proxy, authorization) = via.plain_http()?;
    let status = timeout(PATIENCE, status(proxy, authorization, target)).await.ok()??;
    match status {
        407 => Some(ProxyFailure::AuthenticationRequired),
        200..300 => None,
        _ => Some(ProxyFailure::Refused { status }),
    }
}

async fn status(proxy: &Uri, authorization: Option<&HeaderValue>, target: &str) -> Option<u16> {
    let address = (proxy.host()?.trim_matches(['[', ']']), proxy.port_u16().unwrap_or(80));
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(&request(authorization, target)).await.ok()?;
    status_of(&first_bytes(&mut stream).await?)
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
