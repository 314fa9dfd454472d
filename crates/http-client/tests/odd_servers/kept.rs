//! A connection that is kept for the next request: what is said on it unasked is nobody's answer.

use std::sync::mpsc;

use http_client::{Error, HttpClient};

use crate::support::{DEADLINE, Peer, Server, client, ok, options};

async fn request_id(http: &HttpClient, server: &Server) -> Result<String, Error> {
    let answer = http.get(server.base().join("/")).send().await?;
    Ok(answer.request_id().unwrap().to_owned())
}

// threats 91
#[tokio::test]
async fn extra_response_is_not_used_for_the_next_request() {
    for stale in
        [ok("stale"), ok("stale").repeat(3), "HTTP/1.1 408 Timeout\r\n\r\n".into(), "\0".into()]
    {
        let server = Server::start(move |peer: &mut Peer| {
            peer.request()?;
            peer.say(ok(&format!("fresh-{}", peer.number)) + &stale)?;
            peer.until_gone();
            Ok(())
        });
        let http = client(options(&server));
        for expected in ["fresh-0", "fresh-1", "fresh-2"] {
            assert_eq!(request_id(&http, &server).await.unwrap(), expected);
        }
    }
}

/// It comes while the connection waits for its next request, which then takes another one.
// threats 91
#[tokio::test]
async fn unsolicited_data_closes_the_connection() {
    let (gone, ended) = mpsc::channel();
    let (said, waits) = mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    let server = Server::start(move |peer: &mut Peer| {
        peer.request()?;
        peer.say(ok(&format!("fresh-{}", peer.number)))?;
        waits.lock().unwrap().recv().unwrap();
        peer.say(ok("stale"))?;
        peer.until_gone();
        gone.send(()).unwrap();
        Ok(())
    });
    let http = client(options(&server));
    for expected in ["fresh-0", "fresh-1", "fresh-2"] {
        assert_eq!(request_id(&http, &server).await.unwrap(), expected);
        said.send(()).unwrap();
        until(|| ended.try_recv().is_ok()).await;
    }
}

/// Lets everything else go on until this is so.
async fn until(so: impl Fn() -> bool) {
    let all = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, all).await.unwrap();
}

/// Nobody can know whether it is meant for the request that it crosses on its way.
// threats 91
#[tokio::test]
async fn early_response_is_used_or_an_error() {
    for _ in 0..20 {
        let server = Server::start(|peer: &mut Peer| {
            peer.say(ok("early"))?;
            peer.request()?;
            peer.until_gone();
            Ok(())
        });
        match request_id(&client(options(&server)), &server).await {
            Ok(id) => assert_eq!(id, "early"),
            Err(error) => assert!(matches!(error, Error::CutOff { .. }), "{error:?}"),
        }
    }
}

/// Such as a firewall that has seen enough: the rest of the request is of no interest to it.
// threats 74 91
#[tokio::test]
async fn response_to_a_partial_request_is_used_or_an_error() {
    let large = "x".repeat(8 * 1024 * 1024);
    let server = Server::start(|peer: &mut Peer| {
        peer.request()?;
        peer.say("HTTP/1.1 413 Too much\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let http = client(options(&server));
    match http.post(server.base().join("/")).send_json(&large).await {
        Ok(answer) => assert_eq!(answer.status(), 413),
        Err(error) => assert!(matches!(error, Error::CutOff { .. }), "{error:?}"),
    }
}
