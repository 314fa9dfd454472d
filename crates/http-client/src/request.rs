use std::fmt;

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};
use serde::Serialize;
use url::Url;

use crate::client::HttpClient;
use crate::error::Error;
use crate::redact::Secrets;
use crate::response::Response;

/// A request that is not sent yet. It asks for JSON.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    client: HttpClient,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    bearer: Option<String>,
    secrets: Secrets,
    max_body: usize,
    /// Whether a redirect is an answer like any other.
    takes_redirects: bool,
}

/// Enough for every list of the platform, and too little to hurt.
const MAX_BODY: usize = 1024 * 1024;

impl Request {
    pub(crate) fn new(client: HttpClient, method: Method, url: Url) -> Self {
        let (headers, bearer, secrets) = (Vec::new(), None, Secrets::default());
        let (max_body, takes_redirects) = (MAX_BODY, false);
        Self { client, method, url, headers, bearer, secrets, max_body, takes_redirects }
    }

    /// Adds a bearer token ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    pub fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self.secret(token)
    }

    /// Names a secret that the body holds: an [`ErrorResponse`](crate::ErrorResponse) that repeats it,
    /// or a part of it, shows `[hidden]` instead. A bearer token is one by itself.
    pub fn secret(mut self, secret: &str) -> Self {
        self.secrets.add(secret);
        self
    }

    pub(crate) fn any_answer(mut self) -> Self {
        self.takes_redirects = true;
        self
    }

    /// Adds a header. A name or value that no header can have makes the request fail before it is sent.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Reads at most `bytes` of the answer's body; one that is larger is an error.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sends it without a body.
    ///
    /// # Errors
    ///
    /// [`Error`] when there is no whole answer, or when it is a redirect. Every other status is an
    /// [`Response`].
    pub async fn send(self) -> Result<Response, Error> {
        self.dispatch(|request| request).await
    }

    /// Sends `fields` as `application/x-www-form-urlencoded`, in their order.
    ///
    /// # Errors
    ///
    /// As [`Request::send`].
    pub async fn send_form(self, fields: &[(&str, &str)]) -> Result<Response, Error> {
        self.dispatch(|request| request.form(fields)).await
    }

    /// Sends `body` as JSON.
    ///
    /// # Errors
    ///
    /// As [`Request::send`].
    pub async fn send_json<T: Serialize + Sync + ?Sized>(
        self,
        body: &T,
    ) -> Result<Response, Error> {
        self.dispatch(|request| request.json(body)).await
    }

    /// The one place where anything is sent. The deadline is absolute: it holds for the connection,
    /// the answer and the last byte of its body together, however slowly they trickle.
    async fn dispatch(
        self,
        with_body: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<Response, Error> {
        let attempt = self.client.attempt(&self.url)?;
        let (host, path) = (&attempt.host, self.url.path());
        tracing::debug!(method = %self.method, host, path, "asking");
        let client = self.client.built(&attempt)?;
        let response = attempt.head(with_body(self.build(&client)).send()).await?;
        let response = response.map_err(|error| attempt.failed(error))?;
        let status = response.status().as_u16();
        // The path distinguishes the responses of concurrent requests.
        tracing::debug!(host, path, status, "answered");
        if response.status().is_redirection() && !self.takes_redirects {
            return Err(Error::Redirect { host: host.clone(), status });
        }
        Response::read(&attempt, response, self.max_body, self.secrets).await
    }

    fn build(&self, client: &reqwest::Client) -> reqwest::RequestBuilder {
        let mut request = client
            .request(self.method.clone(), self.url.clone())
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers, bearer token and query are the caller's business.
        let path = self.url.path();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}
