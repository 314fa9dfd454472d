use std::sync::Arc;

use http_client::{Answer, BaseUrl, HttpClient, Refusal, Request, deliver_once};
use url::Url;

use crate::error::Error;
use crate::provider::{BodyFormat, JsonFields, Provider};

/// One client of one authorization server.
///
/// It is public in the sense of [RFC 6749 §2.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.1):
/// it has an id and no secret.
#[derive(Clone, Debug)]
pub struct TokenClient {
    http: HttpClient,
    provider: Arc<Provider>,
    client_id: String,
}

/// A few JWTs fit in many times over; more is no token answer.
const MAX_BODY: usize = 64 * 1024;

impl TokenClient {
    /// The client that is registered as `client_id` at this server.
    #[must_use]
    pub fn new(http: HttpClient, provider: Provider, client_id: impl Into<String>) -> Self {
        Self { http, provider: provider.into(), client_id: client_id.into() }
    }

    /// The same client at another server.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider: provider.into(), ..self }
    }

    /// The server that is asked.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &BaseUrl {
        &self.provider.issuer
    }

    /// Another client at the same server.
    #[must_use]
    pub fn with_client_id(self, client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), ..self }
    }

    /// The registered id, which every request names.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Sends a form to the token endpoint that spends what is in it.
    pub(crate) async fn spend_form(
        &self,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Answer, Error> {
        self.spend(BodyFormat::Form, fields, secrets).await
    }

    /// Sends fields to the token endpoint, and spends what is in them, of which `secrets` are repeated by
    /// nobody.
    pub(crate) async fn spend(
        &self,
        format: BodyFormat,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Answer, Error> {
        let url = &self.provider.token_endpoint;
        accepted(deliver_once(|| self.send(url, format, fields, secrets)).await?)
    }

    pub(crate) async fn send(
        &self,
        url: &Url,
        format: BodyFormat,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Answer, http_client::Error> {
        let request = secrets.iter().fold(self.post(url), |request, secret| request.secret(secret));
        match format {
            BodyFormat::Form => request.send_form(fields).await,
            BodyFormat::Json => request.send_json(&JsonFields(fields)).await,
        }
    }

    /// A request whose answer is small. Every answer here is, and may hold tokens.
    fn post(&self, url: &Url) -> Request {
        self.http.post(url.clone()).max_body(MAX_BODY)
    }
}

pub(crate) fn accepted(answer: Answer) -> Result<Answer, Error> {
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(Error::Refused(Refusal::from_answer(&answer)))
    }
}
