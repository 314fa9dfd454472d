//! The callback as a pasted URL.

use oauth_callback_server::{InvalidCallbackUrl, RedirectPage, WaitError};

use crate::support::{Waiting, assert_free, run_pending_tasks};

/// The URL where a browser on another machine ends, with this query.
fn url(waiting: &Waiting, query: &str) -> String {
    format!("http://localhost:{}{}", waiting.port, waiting.target(query))
}

// threats 6
#[tokio::test]
async fn debug_shows_no_state() {
    let waiting = Waiting::start();
    let shown = format!("{:?}", waiting.pasted_callback);
    assert_eq!(shown, "PastedCallback { .. }");
}

#[tokio::test]
async fn pasted_url_ends_the_wait_without_a_browser() {
    let mut waiting = Waiting::start();
    waiting.pasted_callback.submit(&url(&waiting, "code=C&state=S")).unwrap();
    let callback = waiting.outcome().await.unwrap();
    assert_eq!(callback.code.expose(), "C");
    callback.browser.redirect(RedirectPage::new("/success", "signed in")).await;
    assert_free(waiting.port);
}

// threats 20
#[tokio::test]
async fn later_browser_gets_the_same_response_and_its_code_is_not_used() {
    let mut waiting = Waiting::start();
    waiting.pasted_callback.submit(&url(&waiting, "code=C&state=S")).unwrap();
    let callback = waiting.outcome().await.unwrap();
    let browser = waiting.browser();
    run_pending_tasks().await;
    waiting.pasted_callback.submit(&url(&waiting, "code=D&state=S")).unwrap();
    callback.browser.respond_ok("signed in").await;
    assert_eq!(browser.await.unwrap().body, "signed in");
    assert_free(waiting.port);
}

// threats 190
#[tokio::test]
async fn invalid_pasted_url_does_not_end_the_wait() {
    let waiting = Waiting::start();
    let elsewhere = format!("http://evil.test{}", waiting.target("code=C&state=S"));
    for wrong in ["C", "https://issuer.example/callback?code=C", &elsewhere] {
        assert!(waiting.pasted_callback.submit(wrong).is_err(), "{wrong}");
    }
    let wrong_state = waiting.pasted_callback.submit(&url(&waiting, "code=C&state=T"));
    assert_eq!(wrong_state, Err(InvalidCallbackUrl::StateMismatch));
    waiting.completes().await;
}

#[tokio::test]
async fn pasted_error_ends_the_wait() {
    let mut waiting = Waiting::start();
    waiting.pasted_callback.submit(&url(&waiting, "error=access_denied&state=S")).unwrap();
    assert!(matches!(waiting.error().await, WaitError::Denied { .. }));
    assert_free(waiting.port);
}
