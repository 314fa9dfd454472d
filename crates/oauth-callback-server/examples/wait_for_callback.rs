//! Binds, waits and responds. The example itself plays the browser.

use oauth_callback_server::{BindOptions, CallbackConfig, CallbackServer, State};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Bind the port before the browser opens.
    let server = CallbackServer::bind(&BindOptions::new("/callback"))?;
    let state = State::generate()?;
    let callback = format!("{}?code=abc&state={}", server.redirect_uri(), state.expose());
    let browser = tokio::spawn(browse(server.port(), callback));

    // Wait for the callback with this `state`.
    let callback = server.wait(CallbackConfig::new(state)).await?;
    assert_eq!(callback.code.expose(), "abc");

    // Exchange the code, then show the outcome in the browser.
    callback.browser.respond_ok("<!doctype html><p>Signed in</p>").await;
    assert!(browser.await??.ends_with("<p>Signed in</p>"));
    Ok(())
}

async fn browse(port: u16, url: String) -> std::io::Result<String> {
    let mut browser = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let target = url.trim_start_matches("http://127.0.0.1:").trim_start_matches(char::is_numeric);
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    browser.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    browser.read_to_string(&mut response).await?;
    Ok(response)
}
