//! Requests the metadata of an issuer, with timeouts and a size limit.

use http_client::{BaseUrl, HttpClient, Options};
use sandbox::{Sandbox, Scenario};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Stands in for https://id.example.com.
    let sandbox = Sandbox::start(Scenario::default()).await?;
    let issuer: BaseUrl = sandbox.issuer_url().parse()?;

    let http = HttpClient::new(Options::new("ask/1.0"));
    let response = http.get(issuer.join("/.well-known/openid-configuration")).send().await?;
    let metadata: serde_json::Value = response.decode()?;
    assert_eq!(metadata["issuer"], issuer.as_str());
    Ok(())
}
