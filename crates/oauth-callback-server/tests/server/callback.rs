//! How a wait ends, and what does not end it.

use std::time::Duration;

use oauth_callback_server::{Limits, WaitError};
use tokio::io::AsyncWriteExt as _;

use crate::support::{PATIENCE, Waiting, assert_free, connect, read_to_end, settle};

// threats 8
#[tokio::test]
async fn the_right_callback_brings_the_code_and_waits_for_the_outcome() {
    let mut waiting = Waiting::start();
    let browser = waiting.browser();
    let callback = waiting.outcome().await.unwrap();
    assert_eq!(callback.code.expose(), "C");
    settle().await;
    assert!(!browser.is_finished(), "nothing is said before the outcome is known");
    callback.browser.respond_ok("<p>hello</p>".to_owned()).await;
    let answer = browser.await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "<p>hello</p>"));
    assert_free(waiting.port);
}

#[tokio::test]
async fn a_failure_is_told() {
    let mut waiting = Waiting::start();
    let browser = waiting.browser();
    waiting.outcome().await.unwrap().browser.respond_error("disk full").await;
    let answer = browser.await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (500, "disk full"));
    assert_free(waiting.port);
}

// threats 9 10 13 15 37
#[tokio::test]
async fn a_callback_that_is_not_ours_changes_nothing() {
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
        let answer = waiting.callback(query).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains(text), "{query}: {}", answer.body);
        assert!(!answer.body.contains("EVIL"));
    }
    waiting.completes().await;
}

// threats 11
#[tokio::test]
async fn a_callback_without_a_code_ends_the_wait() {
    for query in ["state=S", "code=&state=S"] {
        let mut waiting = Waiting::start();
        let answer = waiting.callback(query).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("Missing authorization code"));
        assert!(matches!(waiting.error().await, WaitError::MissingCode));
        assert_free(waiting.port);
    }
}

// threats 12 14 19
#[tokio::test]
async fn a_denied_sign_in_is_told_to_both_sides() {
    let mut waiting = Waiting::start();
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E%0d%0aSet-Cookie:x";
    let query = format!("code=C&error=access_denied&error_description={hostile}&state=S");
    let answer = waiting.callback(&query).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.body.contains("script") && !answer.head.contains("cookie"));
    let WaitError::Denied { error, error_description } = waiting.error().await else {
        panic!("it was denied");
    };
    assert_eq!(error, "access_denied");
    assert_eq!(error_description.unwrap(), "<script>alert(1)</script>  Set-Cookie:x");
    assert_free(waiting.port);
}

// threats 16
#[tokio::test]
async fn another_issuer_ends_the_wait() {
    let mut waiting = Waiting::start();
    let answer = waiting.callback("code=C&state=S&iss=https://evil.example").await;
    assert_eq!(answer.status, 400);
    assert!(matches!(waiting.error().await, WaitError::WrongIssuer));
    assert_free(waiting.port);
}

// threats 16
#[tokio::test]
async fn the_issuer_itself_is_welcome() {
    let mut waiting = Waiting::start();
    let target = waiting.target("code=C&state=S&iss=https://issuer.example");
    let mut browser = connect(waiting.port).await;
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    assert_eq!(waiting.outcome().await.unwrap().code.expose(), "C");
}

// threats 20
#[tokio::test]
async fn twenty_copies_get_one_outcome() {
    let mut waiting = Waiting::start();
    let browsers: Vec<_> = (0..20).map(|_| waiting.browser()).collect();
    let callback = waiting.outcome().await.unwrap();
    settle().await;
    let late = waiting.browser();
    let cancel = waiting.target("error=access_denied&state=S");
    let mut cancelling = connect(waiting.port).await;
    cancelling.write_all(waiting.request("GET", &cancel).as_bytes()).await.unwrap();
    settle().await;
    callback.browser.respond_ok("signed in").await;
    for browser in browsers.into_iter().chain([late]) {
        let answer = browser.await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "signed in"));
    }
    assert!(read_to_end(&mut cancelling).await.ends_with("signed in"));
    assert_free(waiting.port);
}

// threats 26
#[tokio::test]
async fn the_deadline_ends_the_wait() {
    let deadline = Duration::from_millis(50);
    let mut waiting = Waiting::with(Limits::default(), deadline);
    let mut idle = connect(waiting.port).await;
    let WaitError::TimedOut { after, rejected } = waiting.error().await else {
        panic!("nobody came");
    };
    assert_eq!((after, rejected), (deadline, Vec::new()));
    assert_free(waiting.port);
    assert_eq!(read_to_end(&mut idle).await, "");
}

// threats 51
#[tokio::test]
async fn an_interrupted_wait_frees_the_port() {
    let waiting = Waiting::start();
    let port = waiting.port;
    assert_eq!(waiting.get("/").await.status, 404);
    waiting.interrupt().await;
    assert_free(port);
}

// threats 51
#[tokio::test]
async fn a_dropped_browser_sees_the_failure_page() {
    let mut waiting = Waiting::start();
    let browsers = [waiting.browser(), waiting.browser()];
    let callback = waiting.outcome().await.unwrap();
    settle().await;
    drop(callback.browser);
    assert_free(waiting.port);
    for browser in browsers {
        let answer = browser.await.unwrap();
        assert_eq!(answer.status, 500);
        assert!(answer.body.contains("Sign-in failed"));
    }
}

// threats 43
#[tokio::test]
async fn open_sockets_delay_nothing() {
    let mut waiting = Waiting::start();
    let idle = [connect(waiting.port).await, connect(waiting.port).await];
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    let begun = std::time::Instant::now();
    callback.browser.respond_ok("signed in").await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_free(waiting.port);
    assert!(read_to_end(&mut browser).await.ends_with("signed in"));
    drop(idle);
}

// threats 43
#[tokio::test]
async fn a_browser_that_left_is_not_waited_for() {
    let mut waiting = Waiting::start();
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    drop(browser);
    let shown = callback.browser.respond_ok("signed in");
    tokio::time::timeout(PATIENCE, shown).await.unwrap();
    assert_free(waiting.port);
}

// threats 47
#[tokio::test]
async fn a_browser_that_never_reads_is_given_up() {
    let limits = Limits { answer: Duration::from_millis(50), ..Limits::default() };
    let mut waiting = Waiting::with(limits, PATIENCE);
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    let more_than_a_socket_holds = "x".repeat(64 * 1024 * 1024);
    callback.browser.respond_ok(more_than_a_socket_holds).await;
    assert_free(waiting.port);
}
