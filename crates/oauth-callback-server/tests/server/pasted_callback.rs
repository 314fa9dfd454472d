//! The address of the callback, brought by a person.

use oauth_callback_server::{InvalidCallbackUrl, RedirectPage, WaitError};

use crate::support::{Waiting, assert_free, settle};

/// The address at which a browser on another machine ends, with this query.
fn address(waiting: &Waiting, query: &str) -> String {
    format!("http://localhost:{}{}", waiting.port, waiting.target(query))
}

#[tokio::test]
async fn an_address_that_is_brought_ends_the_wait_without_a_browser() {
    let mut waiting = Waiting::start();
    waiting.pasted_callback.submit(&address(&waiting, "code=C&state=S")).unwrap();
    let callback = waiting.outcome().await.unwrap();
    assert_eq!(callback.code.expose(), "C");
    let page = "signed in".to_owned().into();
    callback.browser.redirect(RedirectPage { path: "/success", query: Vec::new(), page }).await;
    assert_free(waiting.port);
}

// threats 20
#[tokio::test]
async fn a_browser_that_comes_after_it_gets_the_same_answer_and_no_second_code() {
    let mut waiting = Waiting::start();
    waiting.pasted_callback.submit(&address(&waiting, "code=C&state=S")).unwrap();
    let callback = waiting.outcome().await.unwrap();
    let browser = waiting.browser();
    settle().await;
    waiting.pasted_callback.submit(&address(&waiting, "code=D&state=S")).unwrap();
    callback.browser.respond_ok("signed in").await;
    assert_eq!(browser.await.unwrap().body, "signed in");
    assert_free(waiting.port);
}

// threats 190
#[tokio::test]
async fn what_is_no_callback_changes_nothing() {
    let waiting = Waiting::start();
    let elsewhere = format!("http://evil.test{}", waiting.target("code=C&state=S"));
    for wrong in ["C", "https://issuer.example/callback?code=C", &elsewhere] {
        assert!(waiting.pasted_callback.submit(wrong).is_err(), "{wrong}");
    }
    let wrong_state = waiting.pasted_callback.submit(&address(&waiting, "code=C&state=T"));
    assert_eq!(wrong_state, Err(InvalidCallbackUrl::StateMismatch));
    waiting.completes().await;
}

#[tokio::test]
async fn a_no_that_is_brought_ends_the_wait_as_well() {
    let mut waiting = Waiting::start();
    waiting.pasted_callback.submit(&address(&waiting, "error=access_denied&state=S")).unwrap();
    assert!(matches!(waiting.error().await, WaitError::Denied { .. }));
    assert_free(waiting.port);
}
