//! Servers that are slow in one way or another: the deadline is that of the whole request.

use std::time::Duration;

use http_client::{Error, Options, Phase};

use crate::support::{Peer, Server, ask_within, client, options};

const DEADLINE: Duration = Duration::from_millis(300);
/// Often enough that no pause between two bytes is long.
const PAUSE: Duration = Duration::from_millis(20);

/// Says this beginning at once, and then one byte after the other.
async fn trickles(beginning: &'static str, byte: &'static str) {
    let server = Server::start(move |peer: &mut Peer| {
        peer.request()?;
        peer.say(beginning)?;
        loop {
            peer.pause(PAUSE)?;
            peer.say(byte)?;
        }
    });
    let error = ask_within(DEADLINE, &server).await.unwrap_err();
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
            peer.say(beginning)?;
            peer.until_gone();
            Ok(())
        });
        let error = ask_within(DEADLINE, &server).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{beginning:?}: {error:?}");
    }
}

/// A handshake is part of the connection, and has no more time than that.
// threats 79
#[tokio::test]
async fn endless_handshake_times_out_like_a_connection() {
    for beginning in [&b""[..], b"\x16\x03\x03\x40\x00"] {
        let server = Server::start(move |peer: &mut Peer| {
            peer.say(beginning)?;
            loop {
                peer.pause(PAUSE)?;
                peer.say(&beginning[..beginning.len().min(1)])?;
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
