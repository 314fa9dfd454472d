//! `native-oauth` signs in, and `token-store` stores the tokens. The person can also paste the URL of the callback.

use std::error::Error;

use native_oauth::{Client, HttpClient, Options, Provider, SignIn, UserInput};
use token_store::{FileStore, StoredTokens, Timestamp};
use tokio::sync::mpsc::unbounded_channel;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().ok_or("an issuer")?;
    let store = FileStore::new(arguments.nth(1).ok_or("a file for the tokens")?);
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let provider = Provider::discover(&http, &issuer).await?;
    let client = Client::new(http, provider, "my-client-id");
    if store.load()?.is_none() {
        let sign_in = SignIn::new(client.clone()).scopes(["openid", "email"]).require_signature();
        let mut pending = sign_in.start()?;
        println!("Open this URL in your browser, or paste the one on which it ends:");
        println!("{}", pending.authorization().url());
        let (sender, inputs) = unbounded_channel();
        std::thread::spawn(move || {
            let lines = std::io::stdin().lines().map_while(Result::ok);
            let mut inputs = lines.map(|line| UserInput::CallbackUrl(line.into()));
            inputs.all(|input| sender.send(input).is_ok())
        });
        pending.authorization().with_inputs(inputs);
        let tokens = pending.finish(&|_event| {}).await?;
        store.save(&StoredTokens::new(&tokens, Timestamp::now())).await?;
    }
    let token = token_store::token_source(store, client).access_token().await?;
    println!("signed in, with a token of {} characters", token.expose().len());
    Ok(())
}
