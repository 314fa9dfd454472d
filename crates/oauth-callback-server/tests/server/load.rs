//! Many and slow connections.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use crate::support::{TIMEOUT, Waiting, connect, limits, read_to_end, run_pending_tasks};

// threats 46 48
#[tokio::test]
async fn slow_requests_are_closed_without_a_response() {
    let limits = limits(|it| it.head = Duration::from_millis(100));
    let waiting = Waiting::with(limits, TIMEOUT);
    let mut slow = Vec::new();
    for n in 0..100 {
        let mut stream = connect(waiting.port).await;
        let begun = &waiting.request("GET", "/").into_bytes()[..n % 20];
        stream.write_all(begun).await.unwrap();
        slow.push(stream);
    }
    for mut stream in slow {
        assert_eq!(read_to_end(&mut stream).await, "", "a slow request gets no response");
    }
    waiting.completes().await;
}

// threats 48
#[tokio::test]
async fn oldest_connection_is_closed_at_the_limit() {
    let limits = limits(|it| {
        it.connections = 4;
        it.head = Duration::from_secs(3600);
    });
    let waiting = Waiting::with(limits, TIMEOUT);
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(connect(waiting.port).await);
    }
    for oldest in &mut idle[..4] {
        assert_eq!(read_to_end(oldest).await, "");
    }
    waiting.completes().await;
}

// threats 48 49
#[tokio::test]
async fn browser_with_a_pending_response_is_not_closed() {
    let limits = limits(|it| it.connections = 4);
    let mut waiting = Waiting::with(limits, TIMEOUT);
    let browser = waiting.browser();
    let callback = waiting.outcome().await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..50 {
        crowd.push(connect(waiting.port).await);
        run_pending_tasks().await;
    }
    callback.browser.respond_ok("signed in").await;
    assert_eq!(browser.await.unwrap().body, "signed in");
}

// threats 48
#[tokio::test]
async fn sign_in_completes_with_a_thousand_idle_connections() {
    let waiting = Waiting::start();
    let mut crowd = Vec::new();
    for _ in 0..1_000 {
        crowd.push(connect(waiting.port).await);
    }
    waiting.completes().await;
}
