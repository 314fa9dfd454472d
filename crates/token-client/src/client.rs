use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credentials::ClientSecret;
use http_client::{ErrorResponse, HttpClient, Response, RetryWindow};
use serde::Deserialize;
use url::Url;

use crate::authentication::ClientAuthentication;
use crate::dpop::DpopKey;
use crate::error::Error;
use crate::issuer::Issuer;
use crate::provider::{BodyFormat, JsonFields, Provider};

/// One client of one authorization server. Without a secret it is a public client
/// ([RFC 6749 §2.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.1)).
#[derive(Clone, Debug)]
pub struct TokenClient {
    http: HttpClient,
    provider: Arc<Provider>,
    client_id: String,
    authentication: Arc<ClientAuthentication>,
    dpop: Option<Arc<DpopKey>>,
}

/// A request to an endpoint of the server. It carries grants and extensions that this crate does not
/// know.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct TokenRequest<'a> {
    /// Where it goes.
    pub endpoint: &'a Url,
    /// How the fields are written.
    pub format: BodyFormat,
    /// The names and values, in the order in which they are sent.
    pub fields: &'a [(&'a str, &'a str)],
    /// The values among them that no error may repeat.
    pub secrets: &'a [&'a str],
}

impl<'a> TokenRequest<'a> {
    /// A request without secrets.
    #[must_use]
    pub fn new(endpoint: &'a Url, format: BodyFormat, fields: &'a [(&'a str, &'a str)]) -> Self {
        Self { endpoint, format, fields, secrets: &[] }
    }
}

/// A token response has a few JWTs of a few kilobytes each.
const MAX_BODY: usize = 64 * 1024;

impl TokenClient {
    /// The client that is registered as `client_id` at this server.
    #[must_use]
    pub fn new(http: HttpClient, provider: Provider, client_id: impl Into<String>) -> Self {
        let (provider, client_id) = (provider.into(), client_id.into());
        Self { http, provider, client_id, authentication: Arc::default(), dpop: None }
    }

    /// The same client at another server.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider: provider.into(), ..self }
    }

    /// The authorization server.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// How long a request takes at most, with its retries.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.http.deadline()
    }

    /// The HTTP client that sends the requests.
    #[must_use]
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.provider.issuer
    }

    /// Another client at the same server.
    #[must_use]
    pub fn with_client_id(self, client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), ..self }
    }

    /// Sends a secret with every request.
    #[must_use]
    pub fn with_authentication(self, authentication: ClientAuthentication) -> Self {
        Self { authentication: authentication.into(), ..self }
    }

    /// Binds all tokens to this key ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)). Tokens that the
    /// server does not bind are refused.
    #[must_use]
    pub fn with_dpop(self, key: impl Into<Arc<DpopKey>>) -> Self {
        Self { dpop: Some(key.into()), ..self }
    }

    /// The type that tokens must have.
    pub(crate) fn token_type(&self) -> &'static str {
        if self.dpop.is_some() { "DPoP" } else { "Bearer" }
    }

    /// The registered id, which every request names.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Sends a form.
    pub(crate) async fn send_form(
        &self,
        endpoint: &Url,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Response, Error> {
        self.send(&TokenRequest { endpoint, format: BodyFormat::Form, fields, secrets }).await
    }

    /// Sends a request. It is retried once if it was never sent, or if the server asks for another nonce in
    /// the proof of possession, while the [retry window](HttpClient::retry_window) is open.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] without a whole response, [`Error::ErrorResponse`] with one that is no success.
    pub async fn send(&self, request: &TokenRequest<'_>) -> Result<Response, Error> {
        self.send_within(self.http.retry_window(), request).await
    }

    pub(crate) async fn send_within(
        &self,
        window: RetryWindow,
        request: &TokenRequest<'_>,
    ) -> Result<Response, Error> {
        let Some(key) = &self.dpop else {
            return accepted(window.retry_if_not_sent(|| self.send_once(request, None)).await?);
        };
        let proof = key.token_proof(request.endpoint)?;
        let response = window.retry_if_not_sent(|| self.send_once(request, Some(&proof))).await?;
        let has_nonce = key.take_nonce(&response);
        match accepted(response) {
            // The server has not acted on a request whose proof it refused.
            Err(error) if error.has_code("use_dpop_nonce") && has_nonce && window.is_open() => {
                let proof = key.token_proof(request.endpoint)?;
                let response = self.send_once(request, Some(&proof)).await?;
                key.take_nonce(&response);
                accepted(response)
            }
            outcome => outcome,
        }
    }

    async fn send_once(
        &self,
        request: &TokenRequest<'_>,
        dpop_proof: Option<&str>,
    ) -> Result<Response, http_client::Error> {
        let TokenRequest { endpoint, format, fields, secrets } = *request;
        let client_secret = self.authentication.secret().map(ClientSecret::expose);
        let mut request = self.http.post(endpoint.clone()).max_body(MAX_BODY);
        for secret in secrets.iter().copied().chain(client_secret) {
            request = request.secret(secret);
        }
        if let Some((user, password)) = self.authentication.basic(&self.client_id) {
            request = request.basic(&user, &password);
        }
        if let Some(proof) = dpop_proof {
            request = request.header("dpop", proof);
        }
        let fields = &*self.authentication.fields(fields);
        match format {
            BodyFormat::Form => request.send_form(fields).await,
            BodyFormat::Json => request.send_json(&JsonFields(fields)).await,
        }
    }
}

/// The fields hold secrets.
impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.endpoint.path();
        f.debug_struct("TokenRequest").field("path", &path).finish_non_exhaustive()
    }
}

/// The body of a success, as a `T`. Some servers return errors with the status 200.
pub(crate) fn decode<'a, T: Deserialize<'a>>(response: &'a Response) -> Result<T, Error> {
    response.decode().map_err(|error| match error_with_success(response) {
        Some(error) => Error::ErrorResponse(error),
        None => Error::InvalidResponse(error),
    })
}

/// The error in a response with the status of a success.
pub(crate) fn error_with_success(response: &Response) -> Option<ErrorResponse> {
    Some(ErrorResponse::from_response(response)).filter(|error| error.is_known_format)
}

pub(crate) fn accepted(answer: Response) -> Result<Response, Error> {
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(Error::ErrorResponse(ErrorResponse::from_response(&answer)))
    }
}
