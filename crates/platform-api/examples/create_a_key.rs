//! Creates an API key in the project that the person's first organization began with.

use credentials::AccessToken;
use http_client::{HttpClient, Options};
use platform_api::{PlatformApi, by_preference};
use sandbox::{Account, Sandbox, Scenario};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The sandbox stands for the platform, and somebody has signed in already.
    let sandbox = Sandbox::start(Scenario::default()).await?;
    let ada = sandbox.mint(Account::OWNER).ok_or("no such account")?;
    let access_token = AccessToken::new(ada.access_token)?;

    let http = HttpClient::new(Options::new("create-a-key/1.0"));
    let api = PlatformApi::new(http, sandbox.api_url().parse()?);
    let session = api.log_in(&access_token).await?;

    let organizations = by_preference(session.organizations().await?);
    let organization = organizations.first().ok_or("no organization")?;
    let projects = session.projects(&organization.id).await?;
    let project = projects.iter().find(|project| project.is_initial).ok_or("no project yet")?;

    let key = session.create_api_key(&organization.id, &project.id, "An example").await?;
    assert!(key.expose().starts_with("sk-"));
    Ok(())
}
