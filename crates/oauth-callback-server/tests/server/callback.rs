//! What ends the wait, and what does not.

use std::time::Duration;

use oauth_callback_server::{Limits, WaitError};
use tokio::io::AsyncWriteExt as _;

use crate::support::{
    TIMEOUT, Waiting, assert_free, connect, limits, read_to_end, run_pending_tasks,
};

// threats 8
#[tokio::test]
async fn browser_waits_for_the_outcome_of_the_code() {
    let mut waiting = Waiting::start();
    let browser = waiting.browser();
    let callback = waiting.outcome().await.unwrap();
    assert_eq!(callback.code.expose(), "C");
    run_pending_tasks().await;
    assert!(!browser.is_finished(), "there is no response before the outcome");
    callback.browser.respond_ok("<p>hello</p>".to_owned()).await;
    let response = browser.await.unwrap();
    assert_eq!((response.status, response.body.as_str()), (200, "<p>hello</p>"));
    assert_free(waiting.port);
}

#[tokio::test]
async fn browser_gets_the_error_page() {
    let mut waiting = Waiting::start();
    let browser = waiting.browser();
    waiting.outcome().await.unwrap().browser.respond_error("disk full").await;
    let response = browser.await.unwrap();
    assert_eq!((response.status, response.body.as_str()), (500, "disk full"));
    assert_free(waiting.port);
}

// threats 9 10 13 15 37
#[tokio::test]
async fn callback_of_another_sign_in_does_not_end_the_wait() {
    let waiting = Waiting::start();
    for (query, text) in [
        ("code=EVIL&state=wrong", "State parameter mismatch"),
        ("code=EVIL", "State parameter mismatch"),
        ("error=access_denied", "State parameter mismatch"),
        ("error=access_denied&state=wrong", "State parameter mismatch"),
        ("code=EVIL&state=S&state=S", "Bad request"),
        ("code=EVIL&state=S&state=X", "Bad request"),
        ("code=EVIL&code=C&state=S", "Bad request"),
        ("error=a&error=b&state=S", "Bad request"),
        ("code=%zz&state=S", "Bad request"),
        ("code=%ff%fe&state=S", "Bad request"),
        ("code=%00&state=S", "Bad request"),
    ] {
        let response = waiting.callback(query).await;
        assert_eq!(response.status, 400, "{query}");
        assert!(response.body.contains(text), "{query}: {}", response.body);
        assert!(!response.body.contains("EVIL"));
    }
    waiting.completes().await;
}

// threats 11
#[tokio::test]
async fn callback_without_a_code_ends_the_wait() {
    for query in ["state=S", "code=&state=S"] {
        let mut waiting = Waiting::start();
        let response = waiting.callback(query).await;
        assert_eq!(response.status, 400);
        assert!(response.body.contains("Missing authorization code"));
        assert!(matches!(waiting.error().await, WaitError::MissingCode));
        assert_free(waiting.port);
    }
}

// threats 12 14 19
#[tokio::test]
async fn denied_sign_in_ends_the_wait_and_shows_its_page() {
    let mut waiting = Waiting::start();
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E%0d%0aSet-Cookie:x";
    let query = format!("code=C&error=access_denied&error_description={hostile}&state=S");
    let response = waiting.callback(&query).await;
    assert_eq!(response.status, 403);
    assert!(!response.body.contains("script") && !response.head.contains("cookie"));
    let WaitError::Denied { error, error_description } = waiting.error().await else {
        panic!("expected Denied");
    };
    assert_eq!(error, "access_denied");
    assert_eq!(error_description.unwrap(), "<script>alert(1)</script>  Set-Cookie:x");
    assert_free(waiting.port);
}

// threats 16
#[tokio::test]
async fn other_issuer_ends_the_wait() {
    let mut waiting = Waiting::start();
    let response = waiting.callback("code=C&state=S&iss=https://evil.example").await;
    assert_eq!(response.status, 400);
    assert!(matches!(waiting.error().await, WaitError::WrongIssuer));
    assert_free(waiting.port);
}

// threats 16
#[tokio::test]
async fn callback_with_the_expected_iss_is_accepted() {
    let mut waiting = Waiting::start();
    let target = waiting.target("code=C&state=S&iss=https://issuer.example");
    let mut browser = connect(waiting.port).await;
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    assert_eq!(waiting.outcome().await.unwrap().code.expose(), "C");
}

// threats 20
#[tokio::test]
async fn twenty_copies_get_the_same_response() {
    let mut waiting = Waiting::start();
    let browsers: Vec<_> = (0..20).map(|_| waiting.browser()).collect();
    let callback = waiting.outcome().await.unwrap();
    run_pending_tasks().await;
    let late = waiting.browser();
    let cancel = waiting.target("error=access_denied&state=S");
    let mut cancelling = connect(waiting.port).await;
    cancelling.write_all(waiting.request("GET", &cancel).as_bytes()).await.unwrap();
    run_pending_tasks().await;
    callback.browser.respond_ok("signed in").await;
    for browser in browsers.into_iter().chain([late]) {
        let response = browser.await.unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, "signed in"));
    }
    assert!(read_to_end(&mut cancelling).await.ends_with("signed in"));
    assert_free(waiting.port);
}

// threats 26
#[tokio::test]
async fn timeout_ends_the_wait() {
    let limit = Duration::from_millis(50);
    let mut waiting = Waiting::with(Limits::default(), limit);
    let mut idle = connect(waiting.port).await;
    let WaitError::TimedOut { after, rejected } = waiting.error().await else {
        panic!("expected TimedOut");
    };
    assert_eq!((after, rejected), (limit, Vec::new()));
    assert_free(waiting.port);
    assert_eq!(read_to_end(&mut idle).await, "");
}

// threats 51
#[tokio::test]
async fn interrupted_wait_closes_the_port() {
    let waiting = Waiting::start();
    let port = waiting.port;
    assert_eq!(waiting.get("/").await.status, 404);
    waiting.interrupt().await;
    assert_free(port);
}

// threats 51
#[tokio::test]
async fn dropped_responder_shows_the_failure_page() {
    let mut waiting = Waiting::start();
    let browsers = [waiting.browser(), waiting.browser()];
    let callback = waiting.outcome().await.unwrap();
    run_pending_tasks().await;
    drop(callback.browser);
    assert_free(waiting.port);
    for browser in browsers {
        let response = browser.await.unwrap();
        assert_eq!(response.status, 500);
        assert!(response.body.contains("Sign-in failed"));
    }
}

// threats 43
#[tokio::test]
async fn open_sockets_do_not_delay_the_end() {
    let mut waiting = Waiting::start();
    let idle = [connect(waiting.port).await, connect(waiting.port).await];
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    let start = std::time::Instant::now();
    callback.browser.respond_ok("signed in").await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_free(waiting.port);
    assert!(read_to_end(&mut browser).await.ends_with("signed in"));
    drop(idle);
}

// threats 43
#[tokio::test]
async fn closed_browser_does_not_delay_the_end() {
    let mut waiting = Waiting::start();
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    drop(browser);
    let responded = callback.browser.respond_ok("signed in");
    tokio::time::timeout(TIMEOUT, responded).await.unwrap();
    assert_free(waiting.port);
}

// threats 47
#[tokio::test]
async fn browser_that_does_not_read_is_dropped_after_the_timeout() {
    let limits = limits(|it| it.response = Duration::from_millis(50));
    let mut waiting = Waiting::with(limits, TIMEOUT);
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    let more_than_the_socket_buffers = "x".repeat(64 * 1024 * 1024);
    callback.browser.respond_ok(more_than_the_socket_buffers).await;
    assert_free(waiting.port);
}
