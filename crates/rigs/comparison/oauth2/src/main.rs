//! `oauth2` sends the requests. The listener is the program's own, as in the examples of `oauth2`.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse, TokenUrl, reqwest,
};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().ok_or("an issuer")?;
    let port = arguments.next().ok_or("a port")?;
    let client = BasicClient::new(ClientId::new("my-client-id".to_owned()))
        .set_auth_uri(AuthUrl::new(format!("{issuer}/authorize"))?)
        .set_token_uri(TokenUrl::new(format!("{issuer}/token"))?)
        .set_redirect_uri(RedirectUrl::new(format!("http://localhost:{port}"))?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, csrf_token) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("openid".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("Open this URL in your browser:\n{url}");
    let (code, state) = callback(&listener)?;
    if state.secret() != csrf_token.secret() {
        return Err("the state is wrong".into());
    }
    let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
    let tokens =
        client.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await?;
    println!("signed in until {:?}", tokens.expires_in());
    Ok(())
}

fn callback(listener: &TcpListener) -> Result<(AuthorizationCode, CsrfToken), Box<dyn Error>> {
    let (mut stream, _) = listener.accept()?;
    let mut request_line = String::new();
    BufReader::new(&stream).read_line(&mut request_line)?;
    let target = request_line.split_whitespace().nth(1).ok_or("no request")?;
    let url = Url::parse(&format!("http://localhost{target}"))?;
    let parameter =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    let code = AuthorizationCode::new(parameter("code").ok_or("no code")?.into_owned());
    let state = CsrfToken::new(parameter("state").ok_or("no state")?.into_owned());
    let message = "Go back to your terminal";
    let length = message.len();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{message}")?;
    Ok((code, state))
}
