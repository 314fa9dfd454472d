//! Slow servers: the timeout covers the whole request.

use std::time::Duration;

use http_client::{Error, Options, Phase};

use crate::support::{Peer, Server, client, options, send_within};

const DEADLINE: Duration = Duration::from_millis(300);
/// Shorter than the idle timeout.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends the beginning at once, and then slowly the rest.
async fn trickles(beginning: &'static str, byte: &'static str) {
    let server = Server::start(move |peer: &mut Peer| {
        peer.request()?;
        peer.send(beginning)?;
        loop {
            peer.pause(PAUSE)?;
            peer.send(byte)?;
        }
    });
    let error = send_within(DEADLINE, &server).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{beginning:?}: {error:?}");
    assert!(!error.provably_not_sent());
}

// threats 79
#[tokio::test]
async fn slow_server_does_not_extend_the_timeout() {
    for (beginning, byte) in [
        ("", "\r\n"),
        ("HTTP/1.1 200 ", "x"),
        ("HTTP/1.1 200 OK\r\nX: ", "x"),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
    ] {
        trickles(beginning, byte).await;
    }
}

// threats 79
#[tokio::test]
async fn silent_server_times_out() {
    for beginning in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"]
    {
        let server = Server::start(move |peer: &mut Peer| {
            peer.request()?;
            peer.send(beginning)?;
            peer.wait_for_close();
            Ok(())
        });
        let error = send_within(DEADLINE, &server).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{beginning:?}: {error:?}");
    }
}

/// The connect timeout includes the handshake.
// threats 79
#[tokio::test]
async fn endless_handshake_times_out_like_a_connection() {
    for beginning in [&b""[..], b"\x16\x03\x03\x40\x00"] {
        let server = Server::start(move |peer: &mut Peer| {
            peer.send(beginning)?;
            loop {
                peer.pause(PAUSE)?;
                peer.send(&beginning[..beginning.len().min(1)])?;
            }
        });
        let secure = server.base().as_str().replace("http:", "https:");
        let http = client(Options { connect_timeout: DEADLINE, ..options(&server) });
        let error = http.get(secure.parse().unwrap()).send().await.unwrap_err();
        let connecting =
            matches!(error, Error::Timeout { phase: Phase::Connecting, after: DEADLINE, .. });
        assert!(connecting, "{error:?}");
        assert!(error.provably_not_sent());
    }
}
