//! Other people's connections, many and slow.

use std::time::Duration;

use oauth_callback_server::Limits;
use tokio::io::AsyncWriteExt as _;

use crate::support::{PATIENCE, Waiting, connect, read_to_end, settle};

// threats 46 48
#[tokio::test]
async fn whoever_is_slow_has_to_go() {
    let limits = Limits { head: Duration::from_millis(100), ..Limits::default() };
    let waiting = Waiting::with(limits, PATIENCE);
    let mut slow = Vec::new();
    for n in 0..100 {
        let mut stream = connect(waiting.port).await;
        let begun = &waiting.request("GET", "/").into_bytes()[..n % 20];
        stream.write_all(begun).await.unwrap();
        slow.push(stream);
    }
    for mut stream in slow {
        assert_eq!(read_to_end(&mut stream).await, "", "a slow request has no answer");
    }
    waiting.completes().await;
}

// threats 48
#[tokio::test]
async fn the_oldest_makes_room() {
    let limits = Limits { connections: 4, head: Duration::from_secs(3600), ..Limits::default() };
    let waiting = Waiting::with(limits, PATIENCE);
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
async fn nobody_takes_the_place_of_the_browser() {
    let limits = Limits { connections: 4, ..Limits::default() };
    let mut waiting = Waiting::with(limits, PATIENCE);
    let browser = waiting.browser();
    let callback = waiting.outcome().await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..50 {
        crowd.push(connect(waiting.port).await);
        settle().await;
    }
    callback.browser.respond_ok("signed in").await;
    assert_eq!(browser.await.unwrap().body, "signed in");
}

// threats 48
#[tokio::test]
async fn a_thousand_idle_connections_are_no_obstacle() {
    let waiting = Waiting::start();
    let mut crowd = Vec::new();
    for _ in 0..1_000 {
        crowd.push(connect(waiting.port).await);
    }
    waiting.completes().await;
}
