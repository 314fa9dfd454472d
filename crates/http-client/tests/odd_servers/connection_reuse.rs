//! Unsolicited data on an idle connection is not used as a response.

use std::sync::mpsc;

use http_client::{Error, HttpClient};

use crate::support::{DEADLINE, Peer, Server, client, ok, options};

async fn request_id(http: &HttpClient, server: &Server) -> Result<String, Error> {
    let response = http.get(server.base().join("/")).send().await?;
    Ok(response.request_id().unwrap())
}

// threats 91
#[tokio::test]
async fn extra_response_is_not_used_for_the_next_request() {
    for stale in
        [ok("stale"), ok("stale").repeat(3), "HTTP/1.1 408 Timeout\r\n\r\n".into(), "\0".into()]
    {
        let server = Server::start(move |peer: &mut Peer| {
            peer.request()?;
            peer.send(ok(&format!("fresh-{}", peer.number)) + &stale)?;
            peer.wait_for_close();
            Ok(())
        });
        let http = client(options(&server));
        for expected in ["fresh-0", "fresh-1", "fresh-2"] {
            assert_eq!(request_id(&http, &server).await.unwrap(), expected);
        }
    }
}

/// The data arrives while the connection is idle; the next request uses another connection.
// threats 91
#[tokio::test]
async fn unsolicited_data_closes_the_connection() {
    let (closed, is_closed) = mpsc::channel();
    let (received, is_received) = mpsc::channel::<()>();
    let is_received = std::sync::Mutex::new(is_received);
    let server = Server::start(move |peer: &mut Peer| {
        peer.request()?;
        peer.send(ok(&format!("fresh-{}", peer.number)))?;
        is_received.lock().unwrap().recv().unwrap();
        peer.send(ok("stale"))?;
        peer.wait_for_close();
        closed.send(()).unwrap();
        Ok(())
    });
    let http = client(options(&server));
    for expected in ["fresh-0", "fresh-1", "fresh-2"] {
        assert_eq!(request_id(&http, &server).await.unwrap(), expected);
        received.send(()).unwrap();
        wait_until(|| is_closed.try_recv().is_ok()).await;
    }
}

/// Yields until the condition is true.
async fn wait_until(condition: impl Fn() -> bool) {
    let all = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, all).await.unwrap();
}

/// A response that arrives before the request may or may not belong to it.
// threats 91
#[tokio::test]
async fn response_before_the_request_is_used_or_reported() {
    for _ in 0..20 {
        let server = Server::start(|peer: &mut Peer| {
            peer.send(ok("early"))?;
            peer.request()?;
            peer.wait_for_close();
            Ok(())
        });
        match request_id(&client(options(&server)), &server).await {
            Ok(id) => assert_eq!(id, "early"),
            Err(error) => assert!(matches!(error, Error::CutOff { .. }), "{error:?}"),
        }
    }
}

/// For example a firewall that does not read the rest of the request.
// threats 74 91
#[tokio::test]
async fn response_before_the_whole_request_is_used_or_cut_off() {
    let large = "x".repeat(8 * 1024 * 1024);
    let server = Server::start(|peer: &mut Peer| {
        peer.request()?;
        peer.send("HTTP/1.1 413 Too much\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let http = client(options(&server));
    match http.post(server.base().join("/")).send_json(&large).await {
        Ok(response) => assert_eq!(response.status(), 413),
        Err(error) => assert!(matches!(error, Error::CutOff { .. }), "{error:?}"),
    }
}
