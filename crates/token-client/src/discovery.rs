use http_client::{HttpClient, InvalidBaseUrl, Response, is_secure, retry_if_not_sent};
use serde::Deserialize;
use url::Url;

use crate::client::accepted;
use crate::error::Error;
use crate::issuer::Issuer;
use crate::provider::Provider;

/// Why a provider cannot be discovered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The issuer is not a URL with https.
    #[error("the issuer is not valid")]
    InvalidIssuer(#[from] InvalidBaseUrl),
    /// The server has no metadata at this issuer, or cannot be reached.
    #[error("cannot read the metadata of the issuer")]
    Request(#[from] Error),
    /// The metadata names another issuer
    /// ([RFC 8414 §3.3](https://www.rfc-editor.org/rfc/rfc8414#section-3.3)).
    #[error("the metadata names another issuer (a slash at the end matters)")]
    IssuerMismatch,
    /// An endpoint is absent, not a URL, or plain http.
    #[error("the metadata has no usable `{field}`")]
    InvalidEndpoint {
        /// The field of the metadata.
        field: &'static str,
    },
}

impl DiscoveryError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Request(error) if error.is_transient())
    }
}

/// The authorization server metadata
/// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    #[serde(default)]
    authorization_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint: Option<String>,
    #[serde(default)]
    revocation_endpoint: Option<String>,
    #[serde(default)]
    device_authorization_endpoint: Option<String>,
    #[serde(default)]
    pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    require_pushed_authorization_requests: bool,
    #[serde(default)]
    jwks_uri: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Provider {
    /// Reads the endpoints of a server from its metadata: that of [OpenID Connect
    /// Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig), or else
    /// that of [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414).
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`]; if both requests fail, that of the first. Endpoints must be https; an issuer on this machine may have others.
    pub async fn discover(http: &HttpClient, issuer: &str) -> Result<Self, DiscoveryError> {
        let issuer: Issuer = issuer.parse()?;
        let metadata = match read(http, issuer.join("/.well-known/openid-configuration")).await {
            Err(error @ (Error::ErrorResponse(_) | Error::InvalidResponse(_))) => {
                read(http, oauth_metadata_url(&issuer)).await.map_err(|_| error)?
            }
            outcome => outcome?,
        };
        metadata.into_provider(issuer)
    }
}

/// RFC 8414 §3.1 inserts the path before that of the issuer.
fn oauth_metadata_url(issuer: &Issuer) -> Url {
    let mut url = issuer.join("/");
    let path = format!("/.well-known/oauth-authorization-server{}", url.path());
    url.set_path(path.trim_end_matches('/'));
    url
}

async fn read(http: &HttpClient, url: Url) -> Result<Metadata, Error> {
    let response: Response = retry_if_not_sent(|| http.get(url.clone()).send()).await?;
    Ok(accepted(response)?.decode()?)
}

impl Metadata {
    fn into_provider(self, issuer: Issuer) -> Result<Provider, DiscoveryError> {
        if self.issuer != issuer.as_str() {
            return Err(DiscoveryError::IssuerMismatch);
        }
        let is_local = issuer.base_url().is_loopback();
        let optional = |field, url: Option<String>| match url {
            Some(url) => {
                endpoint(&url, is_local).map(Some).ok_or(DiscoveryError::InvalidEndpoint { field })
            }
            None => Ok(None),
        };
        let required =
            |field, url| optional(field, url)?.ok_or(DiscoveryError::InvalidEndpoint { field });
        let authorization = required("authorization_endpoint", self.authorization_endpoint)?;
        let token = required("token_endpoint", self.token_endpoint)?;
        let mut provider = Provider::new(issuer, authorization, token);
        provider.revocation_endpoint = optional("revocation_endpoint", self.revocation_endpoint)?;
        provider.device_authorization_endpoint =
            optional("device_authorization_endpoint", self.device_authorization_endpoint)?;
        provider.pushed_authorization_request_endpoint = optional(
            "pushed_authorization_request_endpoint",
            self.pushed_authorization_request_endpoint,
        )?;
        provider.require_pushed_authorization_requests = self.require_pushed_authorization_requests;
        provider.jwks_uri = optional("jwks_uri", self.jwks_uri)?;
        provider.authorization_response_iss_parameter_supported =
            self.authorization_response_iss_parameter_supported;
        Ok(provider)
    }
}

/// A remote server must not direct requests with secrets to a program on this machine.
fn endpoint(url: &str, is_local: bool) -> Option<Url> {
    let is_allowed = |url: &Url| url.scheme() == "https" || (is_local && is_secure(url));
    Url::parse(url).ok().filter(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    // threats 84
    #[test]
    fn metadata_is_beside_the_path_of_the_issuer() {
        for (issuer, expected) in [
            ("https://a.test", "https://a.test/.well-known/oauth-authorization-server"),
            ("https://a.test/", "https://a.test/.well-known/oauth-authorization-server"),
            ("https://a.test/t/", "https://a.test/.well-known/oauth-authorization-server/t"),
        ] {
            assert_eq!(oauth_metadata_url(&issuer.parse().unwrap()).as_str(), expected);
        }
    }

    fn provider(issuer: &str, patch: &Value) -> Result<Provider, DiscoveryError> {
        let mut metadata = json!({
            "issuer": issuer, "jwks_uri": format!("{issuer}/keys"),
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "unknown": [1e3],
        });
        metadata.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        let metadata: Metadata = serde_json::from_value(metadata).unwrap();
        metadata.into_provider(issuer.parse().unwrap())
    }

    // threats 16 98
    #[test]
    fn issuer_of_the_metadata_is_compared_exactly() {
        let found = provider("https://a.test", &json!({})).unwrap();
        assert_eq!(found.token_endpoint.as_str(), "https://a.test/token");
        assert_eq!(found.revocation_endpoint, None);
        assert!(!found.authorization_response_iss_parameter_supported);
        for other in ["https://a.test/", "https://A.test", "http://a.test", ""] {
            let outcome = provider("https://a.test", &json!({ "issuer": other }));
            assert!(matches!(outcome, Err(DiscoveryError::IssuerMismatch)), "{other}");
        }
    }

    // threats 84
    #[test]
    fn endpoints_are_https_unless_the_issuer_is_on_this_machine() {
        for odd in ["http://a.test/x", "http://127.0.0.1:1/x", "/x", "file:///x", ""] {
            for field in ["token_endpoint", "jwks_uri", "device_authorization_endpoint"] {
                let outcome = provider("https://a.test", &json!({ field: odd }));
                assert!(
                    matches!(outcome, Err(DiscoveryError::InvalidEndpoint { field: it }) if it == field),
                    "{field} {odd}"
                );
            }
        }
        let missing = provider("https://a.test", &json!({ "token_endpoint": null }));
        assert!(matches!(missing, Err(DiscoveryError::InvalidEndpoint { .. })));
        assert!(provider("http://127.0.0.1:1", &json!({})).is_ok());
    }
}
