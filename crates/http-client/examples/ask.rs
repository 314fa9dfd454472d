//! Asks the issuer for its metadata, with the deadlines and caps of the one policy.

use http_client::{BaseUrl, HttpClient, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = HttpClient::new(Options::default())?;
    let issuer: BaseUrl = "https://auth.openai.com".parse()?;

    let answer = http
        .get(issuer.join("/.well-known/openid-configuration"))
        .send()
        .await?;
    assert_eq!(answer.status(), 200);
    Ok(())
}
