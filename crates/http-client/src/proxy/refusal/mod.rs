//! Why a proxy made no tunnel. The HTTP library says only that it made none, so the proxy is asked
//! once more, in as few bytes as its answer takes.

mod connect;
mod socks5;

use tokio::net::TcpStream;

use super::{ProxyFailure, ProxyRoute};

/// What `via` says to a tunnel to `host` and `port`; `None` where it cannot be asked, or makes one.
pub(crate) async fn refusal(via: &ProxyRoute, host: &str, port: u16) -> Option<ProxyFailure> {
    let mut stream = match via.scheme() {
        "http" | "socks5" | "socks5h" => TcpStream::connect(via.address()).await.ok()?,
        _ => return None,
    };
    match via.scheme() {
        "http" => connect::refusal(&mut stream, &format!("{host}:{port}"), via.basic()).await,
        _ => socks5::refusal(&mut stream, host, port, via.login()).await,
    }
}
