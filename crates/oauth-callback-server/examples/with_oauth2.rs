//! A sign-in with the crate `oauth2`: it builds the URL and exchanges the code, and this crate receives the callback.

use std::error::Error;

use oauth_callback_server::{BindOptions, CallbackConfig, CallbackServer, State};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope,
    TokenUrl, reqwest,
};
use sandbox::{Account, Client, Sandbox, Scenario};

#[expect(clippy::disallowed_methods, reason = "a program chooses its HTTP client")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Stands in for https://id.example.com and for the person with the browser.
    let sandbox = Sandbox::start(Scenario::default()).await?;
    let (issuer, person) = (sandbox.issuer_url(), sandbox.person(Account::OWNER));

    let server = CallbackServer::bind(&BindOptions::new("/auth/callback"))?;
    let state = State::generate()?;
    let client = BasicClient::new(ClientId::new(Client::SIGN_IN.to_owned()))
        .set_auth_uri(AuthUrl::new(format!("{issuer}/oauth/authorize"))?)
        .set_token_uri(TokenUrl::new(format!("{issuer}/oauth/token"))?)
        .set_redirect_uri(RedirectUrl::new(server.redirect_uri())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let csrf_token = || CsrfToken::new(state.expose().to_owned());
    let request = client.authorize_url(csrf_token).set_pkce_challenge(challenge);
    let (url, _) = request.add_scope(Scope::new("openid".to_owned())).url();
    let browser = tokio::spawn(async move { person.visit(url.as_str()).await });

    // The state is right, so it need not be compared.
    let callback = server.wait(CallbackConfig::new(state)).await?;
    let code = AuthorizationCode::new(callback.code.expose().to_owned());
    let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
    match client.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await {
        Ok(_tokens) => callback.browser.respond_ok("<!doctype html><p>Signed in</p>").await,
        Err(_) => callback.browser.respond_error("<!doctype html><p>Try again</p>").await,
    }
    assert!(browser.await??.last().is_some_and(|page| page.status == 200));
    Ok(())
}
