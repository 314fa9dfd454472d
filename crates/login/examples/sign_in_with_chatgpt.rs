//! Signs in with ChatGPT, and keeps the credentials in a folder.

use auth_store::AuthStore;
use http_client::{HttpClient, Options};
use login::stored::StoredSignIn;
use login::{BindOptions, RedirectHost, openai, sign_in};
use sandbox::{Account, Sandbox, Scenario};
use token_client::TokenClient;

#[expect(clippy::disallowed_methods, reason = "a program decides which clock its libraries get")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Stands in for https://auth.openai.com and for the person with the browser.
    let sandbox = Sandbox::start(Scenario::default()).await?;
    let person = sandbox.person(Account::OWNER);

    let folder = tempfile::tempdir()?;
    let store = AuthStore::new(folder.path().join("codex"));
    let http = HttpClient::new(Options::new("sign-in/1.0"));
    let provider = openai::provider(sandbox.issuer_url().parse()?);
    let client = TokenClient::new(http, provider, openai::SIGN_IN_CLIENT_ID);
    let sign_in = StoredSignIn::new(store, client, jiff::Timestamp::now);
    let options = sign_in::Options {
        // Any free port. The client has registered `localhost` and `openai::SIGN_IN_PORT`.
        redirect: BindOptions::new(openai::REDIRECT_PATH).redirect_host(RedirectHost::Localhost),
        ..sign_in::Options::default()
    };

    let mut pending = sign_in::start(options, sign_in)?;
    let auth_url = pending.authorization().url().to_string();
    let browser = tokio::spawn(async move { person.visit(&auth_url).await });
    let signed_in = pending.finish(&|_progress| {}).await?;

    assert_eq!(signed_in.claims.email.as_deref(), Some(Account::OWNER));
    assert!(signed_in.location.to_string().ends_with("auth.json"));
    browser.await??;
    Ok(())
}
