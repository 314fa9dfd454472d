use http_client::BaseUrl;
use token_client::{BodyFormat, Provider};

/// The endpoints of OpenAI's authorization server. Refresh and revocation requests are JSON.
#[must_use]
pub fn provider(issuer: BaseUrl) -> Provider {
    let endpoint = |path: &str| issuer.join(path);
    let (authorize, token) = (endpoint("/oauth/authorize"), endpoint("/oauth/token"));
    let revocation = endpoint("/oauth/revoke");
    let mut provider = Provider::new(issuer.into(), authorize, token);
    provider.revocation_endpoint = Some(revocation);
    provider.refresh_body = BodyFormat::Json;
    provider.revocation_body = BodyFormat::Json;
    provider
}

/// The same for the client of "create a project API key", which has always sent the fields of a code
/// exchange in another order.
#[must_use]
pub fn create_api_key_provider(issuer: BaseUrl) -> Provider {
    let order = ["client_id", "code_verifier", "code", "grant_type", "redirect_uri"];
    let mut provider = provider(issuer);
    provider.code_exchange_order = order.map(str::to_owned).to_vec();
    provider
}
