//! `native-oauth` does everything but the store. The person can also paste the URL of the callback.

use std::error::Error;

use native_oauth::{Client, HttpClient, Options, Provider, SignIn, UserInput};
use tokio::sync::mpsc::unbounded_channel;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = std::env::args().nth(1).ok_or("an issuer")?;
    let http = HttpClient::new(Options::new("my-app/1.0"));
    let provider = Provider::discover(&http, &issuer).await?;
    let mut pending = SignIn::new(Client::new(http, provider, "my-client-id"))
        .scopes(["openid", "email"])
        .verify_signature()
        .start()?;
    println!("Open this URL in your browser, or paste the one on which it ends:");
    println!("{}", pending.authorization().url());
    let (sender, inputs) = unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines().map_while(Result::ok);
        lines.map(|line| sender.send(UserInput::CallbackUrl(line.into()))).all(|sent| sent.is_ok())
    });
    pending.authorization().with_inputs(inputs);
    let tokens = pending.finish(&|_event| {}).await?;
    println!("signed in until {:?}", tokens.expires_in);
    Ok(())
}
