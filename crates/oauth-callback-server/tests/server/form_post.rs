//! Authorization responses with `response_mode=form_post`.

use oauth_callback_server::RedirectPage;

use crate::support::{TIMEOUT, Waiting, assert_free, bind, exchange};

fn waiting() -> Waiting {
    Waiting::serve(bind(|options| options.form_post = true), TIMEOUT)
}

/// The request of a browser that submits a form of the authorization server.
fn form(waiting: &Waiting, body: &str, content_type: &str) -> Vec<u8> {
    let target = waiting.target(body);
    let body = target.split_once('?').unwrap().1;
    format!(
        "POST /auth/callback HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: https://issuer.example\r\n\
         Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        waiting.port,
        body.len()
    )
    .into_bytes()
}

const FORM: &str = "application/x-www-form-urlencoded";

// threats 29
#[tokio::test]
async fn form_has_the_code_and_is_redirected_by_a_303() {
    let mut waiting = waiting();
    let request =
        form(&waiting, "code=C&state=S", "application/x-www-form-urlencoded; charset=utf-8");
    let port = waiting.port;
    let browser = tokio::spawn(async move { exchange(port, &request).await });
    let callback = waiting.outcome().await.unwrap();
    assert_eq!(callback.code.expose(), "C");
    let page = RedirectPage::new("/success", "signed in");
    let done = tokio::spawn(callback.browser.redirect(page));
    let response = browser.await.unwrap();
    assert_eq!(response.status, 303);
    assert_eq!(waiting.get("/success").await.body, "signed in");
    done.await.unwrap();
    assert_free(port);
}

// threats 29 38
#[tokio::test]
async fn invalid_form_does_not_end_the_wait() {
    let waiting = waiting();
    let long = format!("code=C&state=S&x={}", "x".repeat(9000));
    for (body, content_type, status) in [
        ("code=C&state=T", FORM, 400),
        ("code=C", FORM, 400),
        ("code=C&code=D&state=S", FORM, 400),
        ("code=C&state=S", "application/json", 415),
        ("code=C&state=S", "text/plain", 415),
        (long.as_str(), FORM, 413),
    ] {
        let response = exchange(waiting.port, &form(&waiting, body, content_type)).await;
        assert_eq!(response.status, status, "{body:.40} {content_type}");
    }
    // A callback by GET works too.
    waiting.completes().await;
}

// threats 29
#[tokio::test]
async fn form_without_form_post_is_not_found() {
    let waiting = Waiting::start();
    let response = exchange(waiting.port, &form(&waiting, "code=C&state=S", FORM)).await;
    assert_eq!(response.status, 404);
    waiting.completes().await;
}
