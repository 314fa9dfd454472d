//! `openidconnect` sends the requests and verifies the ID token. The listener is the program's own, as in its examples.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, RedirectUrl, Scope, TokenResponse, reqwest,
};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().ok_or("an issuer")?;
    let port = arguments.next().ok_or("a port")?;
    let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
    let provider = CoreProviderMetadata::discover_async(IssuerUrl::new(issuer)?, &http).await?;
    let client_id = ClientId::new("my-client-id".to_owned());
    let client = CoreClient::from_provider_metadata(provider, client_id, None)
        .set_redirect_uri(RedirectUrl::new(format!("http://localhost:{port}"))?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, csrf_token, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("Open this URL in your browser:\n{url}");
    let (code, state) = callback(&listener)?;
    if state.secret() != csrf_token.secret() {
        return Err("the state is wrong".into());
    }
    let exchange = client.exchange_code(code)?.set_pkce_verifier(verifier);
    let tokens = exchange.request_async(&http).await?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let id_token_verifier = client.id_token_verifier();
    let claims = id_token.claims(&id_token_verifier, &nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let (algorithm, key) = (id_token.signing_alg()?, id_token.signing_key(&id_token_verifier)?);
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)?;
        if actual != *expected {
            return Err("the access token is another one".into());
        }
    }
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
