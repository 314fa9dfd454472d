//! An authorization response that comes as a form, where the client has asked for that.

use oauth_callback_server::{BindOptions, CallbackServer, RedirectPage};

use crate::support::{PATIENCE, Waiting, assert_free, exchange};

fn waiting() -> Waiting {
    let options = BindOptions { form_post: true, ..BindOptions::default() };
    Waiting::serve(CallbackServer::bind(&options).unwrap(), PATIENCE)
}

/// As a browser sends a form of the authorization server.
fn form(waiting: &Waiting, body: &str, kind: &str) -> Vec<u8> {
    let target = waiting.target(body);
    let body = target.split_once('?').unwrap().1;
    format!(
        "POST /auth/callback HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: https://issuer.example\r\n\
         Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        waiting.port,
        body.len()
    )
    .into_bytes()
}

const FORM: &str = "application/x-www-form-urlencoded";

// threats 29
#[tokio::test]
async fn a_form_brings_the_code_and_is_sent_on_without_its_body() {
    let mut waiting = waiting();
    let request =
        form(&waiting, "code=C&state=S", "application/x-www-form-urlencoded; charset=utf-8");
    let port = waiting.port;
    let browser = tokio::spawn(async move { exchange(port, &request).await });
    let callback = waiting.outcome().await.unwrap();
    assert_eq!(callback.code.expose(), "C");
    let landing = RedirectPage { path: "/success", query: Vec::new(), page: "signed in".into() };
    let shown = tokio::spawn(callback.browser.redirect(landing));
    let answer = browser.await.unwrap();
    assert_eq!(answer.status, 303);
    assert_eq!(waiting.get("/success").await.body, "signed in");
    shown.await.unwrap();
    assert_free(port);
}

// threats 29 38
#[tokio::test]
async fn what_is_no_form_of_this_sign_in_changes_nothing() {
    let waiting = waiting();
    let long = format!("code=C&state=S&x={}", "x".repeat(9000));
    for (body, kind, status) in [
        ("code=C&state=T", FORM, 400),
        ("code=C", FORM, 400),
        ("code=C&code=D&state=S", FORM, 400),
        ("code=C&state=S", "application/json", 415),
        ("code=C&state=S", "text/plain", 415),
        (long.as_str(), FORM, 413),
    ] {
        let answer = exchange(waiting.port, &form(&waiting, body, kind)).await;
        assert_eq!(answer.status, status, "{body:.40} {kind}");
    }
    // An address works as well.
    waiting.completes().await;
}

// threats 29
#[tokio::test]
async fn a_form_that_nobody_asked_for_is_not_found() {
    let waiting = Waiting::start();
    let answer = exchange(waiting.port, &form(&waiting, "code=C&state=S", FORM)).await;
    assert_eq!(answer.status, 404);
    waiting.completes().await;
}
