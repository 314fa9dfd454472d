//! The page after the redirect.

use std::time::{Duration, Instant};

use oauth_callback_server::{Callback, Limits, RedirectPage};
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;

use crate::support::{
    TIMEOUT, Waiting, assert_free, connect, limits, read_response, run_pending_tasks,
};

fn redirect_page(query: &[(&str, &str)]) -> RedirectPage {
    let mut page = RedirectPage::new("/success", "<a href=secret>".to_owned());
    page.query = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    page
}

/// A sign-in whose browser waits for the response.
async fn signed_in(limits: Limits) -> (Waiting, Callback, tokio::net::TcpStream) {
    let mut waiting = Waiting::with(limits, TIMEOUT);
    let mut browser = connect(waiting.port).await;
    let target = waiting.target("code=C&state=S");
    browser.write_all(waiting.request("GET", &target).as_bytes()).await.unwrap();
    let callback = waiting.outcome().await.unwrap();
    (waiting, callback, browser)
}

// threats 8 22 23
#[tokio::test]
async fn redirect_page_is_served_once_and_ends_the_server() {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let early = waiting.get("/success").await;
    assert_eq!(early.status, 404, "there is no page before the redirect");
    let query = [("org_id", "org 1&x"), ("needs_setup", "true")];
    let done = tokio::spawn(callback.browser.redirect(redirect_page(&query)));
    let redirect = read_response(&mut browser).await;
    assert_eq!(redirect.status, 302);
    let location =
        format!("http://127.0.0.1:{}/success?org_id=org%201%26x&needs_setup=true", waiting.port);
    assert_eq!(redirect.headers("location"), [location]);
    assert!(!done.is_finished(), "the page is not served yet");

    let page = waiting.get("/success?org_id=whatever").await;
    assert_eq!((page.status, page.body.as_str()), (200, "<a href=secret>"));
    done.await.unwrap();
    assert_free(waiting.port);
}

// threats 20 22 65
#[tokio::test]
async fn each_duplicate_callback_is_redirected_and_only_the_first_gets_the_page() {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let copy = waiting.browser();
    run_pending_tasks().await;
    let done = tokio::spawn(callback.browser.redirect(redirect_page(&[])));
    assert_eq!(read_response(&mut browser).await.status, 302);
    assert_eq!(copy.await.unwrap().status, 302);
    assert_eq!(waiting.get("/success").await.body, "<a href=secret>");
    run_pending_tasks().await;
    assert!(!done.is_finished(), "the other browser has not requested the page");
    let late = waiting.callback("code=C&state=S").await;
    assert_eq!(late.status, 302, "a late copy gets the same response");
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
async fn server_ends_if_the_browser_does_not_request_the_page() {
    let limits = limits(|it| it.redirect = Duration::from_millis(50));
    let (waiting, callback, mut browser) = signed_in(limits).await;
    let start = Instant::now();
    callback.browser.redirect(redirect_page(&[])).await;
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(read_response(&mut browser).await.status, 302);
    assert_free(waiting.port);
}

// threats 24
#[tokio::test]
async fn closed_browser_is_not_waited_for() {
    let limits = limits(|it| it.redirect = Duration::from_secs(3600));
    let (waiting, callback, browser) = signed_in(limits).await;
    drop(browser);
    run_pending_tasks().await;
    let done = callback.browser.redirect(redirect_page(&[]));
    tokio::time::timeout(TIMEOUT, done).await.unwrap();
    assert_free(waiting.port);
}

// threats 32 35
#[tokio::test]
async fn redirect_page_is_only_for_navigations_to_this_host() {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let done = tokio::spawn(callback.browser.redirect(redirect_page(&[])));
    read_response(&mut browser).await;
    let port = waiting.port;
    for headers in [
        "Host: evil.test".to_owned(),
        format!("Host: localhost:{port}\r\nOrigin: https://evil.example"),
        format!("Host: localhost:{port}\r\nSec-Fetch-Mode: no-cors"),
    ] {
        let request = format!("GET /success HTTP/1.1\r\n{headers}\r\n\r\n");
        let response = crate::support::exchange(port, request.as_bytes()).await;
        assert_eq!(response.status, 403, "{headers}");
    }
    assert_eq!(waiting.get("/success").await.body, "<a href=secret>");
    done.await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    // threats 27
    #[test]
    fn values_are_percent_encoded(value in "\\PC*|[\\r\\n/@:?#&=%<>\" a-c]*") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (location, port) = runtime.block_on(location_of(value.clone()));
        let prefix = format!("http://127.0.0.1:{port}/success?a=");
        let rest = location.strip_prefix(&prefix).unwrap();
        let encoded = rest.strip_suffix("&b=").unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
        prop_assert!(encoded.chars().all(plain), "{}", encoded);
        prop_assert_eq!(urlencoding::decode(encoded).unwrap(), value);
    }
}

async fn location_of(value: String) -> (String, u16) {
    let (waiting, callback, mut browser) = signed_in(Limits::default()).await;
    let page = redirect_page(&[("a", &value), ("b", "")]);
    let _done = tokio::spawn(callback.browser.redirect(page));
    let response = read_response(&mut browser).await;
    (response.headers("location")[0].to_owned(), waiting.port)
}
