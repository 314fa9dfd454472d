//! `yup-oauth2` does everything, and stores the tokens. It prints the URL.

use std::error::Error;

use yup_oauth2::{ApplicationSecret, InstalledFlowAuthenticator, InstalledFlowReturnMethod};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().ok_or("an issuer")?;
    let file = arguments.nth(1).ok_or("a file for the tokens")?;
    let secret = ApplicationSecret {
        client_id: "my-client-id".to_owned(),
        auth_uri: format!("{issuer}/authorize"),
        token_uri: format!("{issuer}/token"),
        ..ApplicationSecret::default()
    };
    let method = InstalledFlowReturnMethod::HTTPRedirect;
    let builder = InstalledFlowAuthenticator::builder(secret, method);
    let authenticator = builder.persist_tokens_to_disk(file).build().await?;
    let token = authenticator.token(&["openid", "email"]).await?;
    println!("signed in until {:?}", token.expiration_time());
    Ok(())
}
