//! The page after the redirect.

use std::time::{Duration, Instant};

use oauth_callback_server::{Callback, Limits, RedirectPage};
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;

use crate::support::{PATIENCE, Waiting, assert_free, connect, read_answer, settle};

fn landing(query: Vec<(&'static str, String)>) -> RedirectPage {
    RedirectPage { path: "/success", query, page: "<a href=secret>".to_owned().into() }
}

/// A sign-in whose browser waits for its answer.
async fn signed_in(limits: Limits) -> (Waiting, Callback, tokio::net::TcpStream) {
    let mut waiting = Waiting::with(limits, PATIENCE);
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    (waiting, callback, browser)
}

// threats 8 22 23
#[tokio::test]
async fn the_landing_page_is_served_once_and_then_it_is_over() {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let early = waiting.get("/success").await;
    assert_eq!(early.status, 404, "there is no such page before it worked");
    let query = vec![("org_id", "org 1&x".to_owned()), ("needs_setup", "true".to_owned())];
    let done = tokio::spawn(callback.browser.redirect(landing(query)));
    let redirect = read_answer(&mut browser).await;
    assert_eq!(redirect.status, 302);
    let location =
        format!("http://localhost:{}/success?org_id=org%201%26x&needs_setup=true", waiting.port);
    assert_eq!(redirect.headers("location"), [location]);
    assert!(!done.is_finished(), "the page is still to come");

    let page = waiting.get("/success?org_id=whatever").await;
    assert_eq!((page.status, page.body.as_str()), (200, "<a href=secret>"));
    done.await.unwrap();
    assert_free(waiting.port);
}

// threats 20 22 65
#[tokio::test]
async fn every_copy_lands_and_only_the_first_sees_the_page() {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let copy = waiting.browser();
    settle().await;
    let done = tokio::spawn(callback.browser.redirect(landing(Vec::new())));
    assert_eq!(read_answer(&mut browser).await.status, 302);
    assert_eq!(copy.await.unwrap().status, 302);
    assert_eq!(waiting.get("/success").await.body, "<a href=secret>");
    settle().await;
    assert!(!done.is_finished(), "the other one is still under way");
    let late = waiting.callback("code=C&state=S").await;
    assert_eq!(late.status, 302, "a copy that comes late is told the same");
    for _ in 0..2 {
        let again = waiting.get("/success").await;
        assert_eq!(again.status, 200);
        assert!(again.body.contains("finished"), "{}", again.body);
    }
    done.await.unwrap();
    assert_free(waiting.port);
}

// threats 24
#[tokio::test]
async fn a_browser_that_never_lands_is_waited_for_briefly() {
    let limits = Limits { landing: Duration::from_millis(50), ..Limits::default() };
    let (waiting, callback, mut browser) = signed_in(limits).await;
    let begun = Instant::now();
    callback.browser.redirect(landing(Vec::new())).await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert_eq!(read_answer(&mut browser).await.status, 302);
    assert_free(waiting.port);
}

// threats 24
#[tokio::test]
async fn nobody_is_waited_for_who_left_before_the_redirect() {
    let limits = Limits { landing: Duration::from_secs(3600), ..Limits::default() };
    let (waiting, callback, browser) = signed_in(limits).await;
    drop(browser);
    settle().await;
    let done = callback.browser.redirect(landing(Vec::new()));
    tokio::time::timeout(PATIENCE, done).await.unwrap();
    assert_free(waiting.port);
}

// threats 32 35
#[tokio::test]
async fn the_landing_page_is_for_navigations_to_this_host() {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let done = tokio::spawn(callback.browser.redirect(landing(Vec::new())));
    read_answer(&mut browser).await;
    let port = waiting.port;
    for headers in [
        "Host: evil.test".to_owned(),
        format!("Host: localhost:{port}\r\nOrigin: https://evil.example"),
        format!("Host: localhost:{port}\r\nSec-Fetch-Mode: no-cors"),
    ] {
        let request = format!("GET /success HTTP/1.1\r\n{headers}\r\n\r\n");
        let answer = crate::support::exchange(port, request.as_bytes()).await;
        assert_eq!(answer.status, 403, "{headers}");
    }
    assert_eq!(waiting.get("/success").await.body, "<a href=secret>");
    done.await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    // threats 27
    #[test]
    fn no_value_leaves_the_query(value in "\\PC*|[\\r\\n/@:?#&=%<>\" a-c]*") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (location, port) = runtime.block_on(location_of(value.clone()));
        let prefix = format!("http://localhost:{port}/success?a=");
        let rest = location.strip_prefix(&prefix).unwrap();
        let encoded = rest.strip_suffix("&b=").unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
        prop_assert!(encoded.chars().all(plain), "{}", encoded);
        prop_assert_eq!(urlencoding::decode(encoded).unwrap(), value);
    }
}

async fn location_of(value: String) -> (String, u16) {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let query = vec![("a", value), ("b", String::new())];
    let _done = tokio::spawn(callback.browser.redirect(landing(query)));
    let answer = read_answer(&mut browser).await;
    (answer.headers("location")[0].to_owned(), waiting.port)
}
