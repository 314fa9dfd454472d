use http_client::{Answer, BaseUrl, HttpClient, Refusal, Request, deliver_once};
use serde::Serialize;

use crate::error::Error;

/// One client at one issuer.
///
/// It is public in the sense of [RFC 6749 §2.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.1):
/// it has an id and no secret.
#[derive(Clone, Debug)]
pub struct TokenClient {
    http: HttpClient,
    issuer: BaseUrl,
    client_id: String,
}

/// Where codes, ID tokens and refresh tokens are turned in.
pub(crate) const TOKEN: &str = "/oauth/token";

/// A few JWTs fit in many times over; more is no token answer.
const MAX_BODY: usize = 64 * 1024;

impl TokenClient {
    /// The client that is registered as `client_id` at `issuer`.
    #[must_use]
    pub fn new(http: HttpClient, issuer: BaseUrl, client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self { http, issuer, client_id }
    }

    /// The same client at another issuer.
    #[must_use]
    pub fn with_issuer(self, issuer: BaseUrl) -> Self {
        Self { issuer, ..self }
    }

    /// The issuer that is asked.
    #[must_use]
    pub fn issuer(&self) -> &BaseUrl {
        &self.issuer
    }

    /// Another client at the same issuer.
    #[must_use]
    pub fn with_client_id(self, client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), ..self }
    }

    /// The registered id, which every request names.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Sends a form that spends what is in it, of which `secrets` are repeated by nobody.
    pub(crate) async fn spend_form(
        &self,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Answer, Error> {
        let request = || secrets.iter().fold(self.post(TOKEN), |it, secret| it.secret(secret));
        accepted(deliver_once(|| request().send_form(fields)).await?)
    }

    /// Sends JSON that spends `secret`, which is in it.
    pub(crate) async fn spend_json<T>(&self, body: &T, secret: &str) -> Result<Answer, Error>
    where
        T: Serialize + Sync,
    {
        accepted(deliver_once(|| self.post(TOKEN).secret(secret).send_json(body)).await?)
    }

    /// A request whose answer is small. Every answer here is, and may hold tokens.
    pub(crate) fn post(&self, path: &str) -> Request {
        let url = self.issuer.join(path);
        self.http.post(url).max_body(MAX_BODY)
    }
}

pub(crate) fn accepted(answer: Answer) -> Result<Answer, Error> {
    if answer.is_success() { Ok(answer) } else { Err(Error::Refused(Refusal::of(&answer))) }
}
