use std::collections::BTreeMap;

use http_client::{HttpClient, InvalidBaseUrl, is_loopback, is_secure, retry_if_not_sent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use crate::client::accepted;
use crate::error::Error;
use crate::issuer::Issuer;
use crate::provider::{Provider, TENANT};

/// Why a provider or a protected resource cannot be discovered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The issuer is not a URL with https.
    #[error("the issuer is not valid")]
    InvalidIssuer(#[from] InvalidBaseUrl),
    /// The resource is not a URL with https, or has a fragment.
    #[error("the resource is not a URL with https")]
    InvalidResource,
    /// The server has no metadata, or cannot be reached.
    #[error("cannot read the metadata at {url}")]
    Request {
        /// The first place where the metadata can be.
        url: Url,
        /// The reason.
        source: Box<Error>,
    },
    /// The server has metadata that must not be used.
    #[error("cannot use the metadata at {url}")]
    InvalidMetadata {
        /// Where it is.
        url: Url,
        /// The reason.
        source: InvalidMetadata,
    },
}

/// Why metadata must not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMetadata {
    /// It names another issuer
    /// ([RFC 8414 §3.3](https://www.rfc-editor.org/rfc/rfc8414#section-3.3)).
    #[error("it names another issuer, {found:?} (a slash at the end matters)")]
    IssuerMismatch {
        /// The issuer in the metadata, or its beginning.
        found: String,
    },
    /// It names a template of issuers, one for each tenant. Use the issuer of one tenant,
    /// [`Provider::discover_any_tenant`] or [`Provider::from_metadata_of_any_tenant`].
    #[error("the server has an issuer for each tenant; use the issuer of one tenant")]
    IssuerTemplate,
    /// It is about another resource
    /// ([RFC 9728 §3.3](https://www.rfc-editor.org/rfc/rfc9728#section-3.3)).
    #[error("it is about another resource")]
    ResourceMismatch,
    /// A required field is absent, not a URL, plain http, or on this machine while the server is not.
    #[error("it has no usable `{field}`")]
    InvalidEndpoint {
        /// The field of the metadata.
        field: &'static str,
    },
}

impl DiscoveryError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Request { source, .. } if source.is_transient())
    }
}

/// The metadata of an authorization server
/// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)), with all members that it has. It holds
/// no secret: a program can store it as JSON, so that its next process has the endpoints without a request.
///
/// ```
/// use token_client::{Provider, ProviderMetadata};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let stored = r#"{"issuer": "https://id.example.com", "userinfo_endpoint": "https://id.example.com/me",
/// # "authorization_endpoint": "https://id.example.com/authorize",
/// # "token_endpoint": "https://id.example.com/token"}"#;
/// let metadata: ProviderMetadata = serde_json::from_str(stored)?;
/// let userinfo_endpoint: Option<String> = metadata.get("userinfo_endpoint");
/// let provider = Provider::from_metadata(&metadata, &"https://id.example.com".parse()?)?;
/// # assert_eq!(userinfo_endpoint.as_deref(), Some("https://id.example.com/me"));
/// # Ok(())
/// # }
/// ```
// Each member is its source text: one that cannot be used, such as a number beyond a double, does not spoil
// the others.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct ProviderMetadata(BTreeMap<String, Box<RawValue>>);

impl Provider {
    /// Reads the endpoints of a server from its metadata, as [`ProviderMetadata::discover`] finds it.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`]; without metadata, that of the first request.
    pub async fn discover(http: &HttpClient, issuer: &str) -> Result<Self, DiscoveryError> {
        discover(http, issuer, |metadata, issuer| Self::from_metadata(&metadata, issuer)).await
    }

    /// As [`discover`](Self::discover), at a server with an issuer for each tenant and one sign-in for
    /// all of them. Its metadata names a template, `https://id.example.com/{tenantid}/v2.0`, and `issuer`
    /// has another word in that place, such as `common`.
    ///
    /// An ID token is then accepted from every tenant: its `iss` must be the template with the token's
    /// `tid`. A program for some tenants only has to check that claim.
    ///
    /// # Errors
    ///
    /// As [`discover`](Self::discover).
    pub async fn discover_any_tenant(
        http: &HttpClient,
        issuer: &str,
    ) -> Result<Self, DiscoveryError> {
        let read = |metadata: ProviderMetadata, issuer: &_| {
            Self::from_metadata_of_any_tenant(&metadata, issuer)
        };
        discover(http, issuer, read).await
    }

    /// The provider of metadata that was stored. Each endpoint must be https, on another machine; those of an
    /// issuer on this machine can be on it, and plain http. An optional endpoint that cannot be used is absent.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`].
    pub fn from_metadata(
        metadata: &ProviderMetadata,
        issuer: &Issuer,
    ) -> Result<Self, InvalidMetadata> {
        let provider = Self::from_metadata_of_any_tenant(metadata, issuer)?;
        match provider.issuer_template {
            Some(_) => Err(InvalidMetadata::IssuerTemplate),
            None => Ok(provider),
        }
    }

    /// As [`from_metadata`](Self::from_metadata), for [`discover_any_tenant`](Self::discover_any_tenant).
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`].
    pub fn from_metadata_of_any_tenant(
        metadata: &ProviderMetadata,
        issuer: &Issuer,
    ) -> Result<Self, InvalidMetadata> {
        let unusable = |field| InvalidMetadata::InvalidEndpoint { field };
        let found: String = metadata.get("issuer").ok_or(unusable("issuer"))?;
        let is_template = is_template_of(&found, issuer.as_str());
        if found != issuer.as_str() && !is_template {
            let found = found.chars().take(LONGEST_SHOWN).collect();
            return Err(InvalidMetadata::IssuerMismatch { found });
        }
        let is_local = issuer.base_url().is_loopback();
        let endpoint = |field| endpoint(&metadata.get::<String>(field)?, is_local);
        let required = |field| endpoint(field).ok_or(unusable(field));
        let (authorization, token) =
            (required("authorization_endpoint")?, required("token_endpoint")?);
        if !metadata.supports_pkce() {
            return Err(unusable("code_challenge_methods_supported"));
        }
        let mut provider = Self::new(issuer.clone(), authorization, token);
        provider.revocation_endpoint = endpoint("revocation_endpoint");
        provider.device_authorization_endpoint = endpoint("device_authorization_endpoint");
        provider.pushed_authorization_request_endpoint =
            endpoint("pushed_authorization_request_endpoint");
        provider.registration_endpoint = endpoint("registration_endpoint");
        provider.jwks_uri = endpoint("jwks_uri");
        provider.require_pushed_authorization_requests =
            metadata.is_true("require_pushed_authorization_requests");
        provider.authorization_response_iss_parameter_supported =
            metadata.is_true("authorization_response_iss_parameter_supported");
        provider.issuer_template = is_template.then_some(found);
        Ok(provider)
    }
}

impl ProviderMetadata {
    /// Reads the metadata of a server: that of [OpenID Connect
    /// Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig), or else
    /// that of [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414).
    ///
    /// # Errors
    ///
    /// As [`Provider::discover`].
    pub async fn discover(http: &HttpClient, issuer: &str) -> Result<Self, DiscoveryError> {
        let read = |metadata, issuer: &_| {
            Provider::from_metadata_of_any_tenant(&metadata, issuer).map(|_| metadata)
        };
        discover(http, issuer, read).await
    }

    /// The value of a member, such as `userinfo_endpoint`, if it is a `T`.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// Many servers support PKCE and do not say so. One that names other methods only does not.
    fn supports_pkce(&self) -> bool {
        let methods = self.get::<Vec<String>>("code_challenge_methods_supported");
        methods.is_none_or(|methods| methods.iter().any(|it| it == pkce::CODE_CHALLENGE_METHOD))
    }

    fn is_true(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|json| matches!(json.get(), "true" | "\"true\""))
    }
}

/// How much of a text from the server is shown.
pub(crate) const LONGEST_SHOWN: usize = 200;

/// Uses the metadata at the first place that has some.
async fn discover<T>(
    http: &HttpClient,
    issuer: &str,
    read: impl FnOnce(ProviderMetadata, &Issuer) -> Result<T, InvalidMetadata>,
) -> Result<T, DiscoveryError> {
    let issuer = issuer.parse()?;
    let mut first_error = None;
    for url in metadata_urls(&issuer) {
        match read_json(http, &url).await {
            Ok(metadata) => {
                let invalid = |source| DiscoveryError::InvalidMetadata { url, source };
                return read(metadata, &issuer).map_err(invalid);
            }
            Err(error) if is_elsewhere(&error) => first_error = first_error.or(Some((url, error))),
            Err(error) => {
                first_error = Some((url, error));
                break;
            }
        }
    }
    let (url, error) = first_error.ok_or(DiscoveryError::InvalidResource)?;
    Err(DiscoveryError::Request { url, source: error.into() })
}

/// Reads a JSON document.
pub(crate) async fn read_json<T: DeserializeOwned>(
    http: &HttpClient,
    url: &Url,
) -> Result<T, Error> {
    let response = retry_if_not_sent(|| http.get(url.clone()).send()).await?;
    Ok(accepted(response)?.decode()?)
}

/// Whether there is no metadata at this place.
fn is_elsewhere(error: &Error) -> bool {
    use http_client::Error::Redirect;
    matches!(
        error,
        Error::ErrorResponse(_) | Error::InvalidResponse(_) | Error::Http(Redirect { .. })
    )
}

/// OpenID Connect Discovery appends its path to that of the issuer, RFC 8414 §3.1 inserts it before.
/// Servers are seen to do the one with the name of the other.
fn metadata_urls(issuer: &Issuer) -> Vec<Url> {
    let inserted = |name: &str| {
        let mut url = issuer.join("/");
        let path = format!("/.well-known/{name}{}", url.path());
        url.set_path(path.trim_end_matches('/'));
        url
    };
    let mut urls = vec![
        issuer.join("/.well-known/openid-configuration"),
        inserted("oauth-authorization-server"),
        inserted("openid-configuration"),
    ];
    if urls.first() == urls.last() {
        urls.pop();
    }
    urls
}

/// Whether `issuer` is the template with a word in place of `{tenantid}`.
fn is_template_of(template: &str, issuer: &str) -> bool {
    let Some((before, after)) = template.split_once(TENANT) else { return false };
    let word = issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    word.is_some_and(|word| !word.is_empty() && !word.contains('/'))
}

/// A remote server must not direct requests with secrets to a program on this machine. A user name can
/// pretend to be the host, and an endpoint has no fragment
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
pub(crate) fn endpoint(url: &str, is_local: bool) -> Option<Url> {
    let is_allowed = |url: &Url| is_secure(url) && (is_local || !is_loopback(url));
    let has_more = |url: &Url| {
        url.fragment().is_some() || !url.username().is_empty() || url.password().is_some()
    };
    Url::parse(url).ok().filter(|url| is_allowed(url) && !has_more(url))
}

#[cfg(test)]
mod tests;
