//! Binds, waits, and answers; the browser is played by the example itself.

use std::time::Duration;

use oauth_callback_server::{BindOptions, CallbackConfig, CallbackServer, Pages, State};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The port is bound before anybody is told its address …
    let server = CallbackServer::bind(&BindOptions::default())?;
    let state = State::generate()?;
    let callback = format!("{}?code=abc&state={}", server.redirect_uri(), state.expose());
    let browser = tokio::spawn(browse(server.port(), callback));

    // … then the one callback with our `state` is waited for …
    let callback = server
        .wait(CallbackConfig {
            state,
            issuer: None,
            pages: Pages::default(),
            timeout: Duration::from_secs(900),
        })
        .await?;
    assert_eq!(callback.code.expose(), "abc");

    // … and the browser is told how it ended, once that is known.
    callback.browser.respond_ok("<!doctype html><p>Signed in</p>").await;
    assert!(browser.await??.ends_with("<p>Signed in</p>"));
    Ok(())
}

async fn browse(port: u16, url: String) -> std::io::Result<String> {
    let mut browser = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let target = url.trim_start_matches("http://localhost:").trim_start_matches(char::is_numeric);
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    browser.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    browser.read_to_string(&mut answer).await?;
    Ok(answer)
}
