use http_client::BaseUrl;
use token_client::{BodyFormat, Provider};

/// The endpoints of OpenAI's authorization server, or of one in its shape. It takes a refresh and a
/// revocation as JSON.
#[must_use]
pub fn provider(issuer: BaseUrl) -> Provider {
    let endpoint = |path: &str| issuer.join(path);
    let (authorize, token) = (endpoint("/oauth/authorize"), endpoint("/oauth/token"));
    let revocation = endpoint("/oauth/revoke");
    let mut provider = Provider::new(issuer, authorize, token);
    provider.revocation_endpoint = Some(revocation);
    provider.refresh_body = BodyFormat::Json;
    provider.revocation_body = BodyFormat::Json;
    provider
}

/// The `requested_token` of the exchange of an ID token for an API key.
pub(crate) const API_KEY_TOKEN: &str = "openai-api-key";
