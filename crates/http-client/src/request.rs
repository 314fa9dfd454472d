use std::fmt;

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use serde::Serialize;
use url::Url;

use crate::answer::Answer;
use crate::base_url::host;
use crate::client::HttpClient;
use crate::error::Error;

/// A request that is not sent yet. It asks for JSON.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    client: HttpClient,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    bearer: Option<String>,
    max_body: usize,
}

/// Enough for every list of the platform, and too little to hurt.
const MAX_BODY: usize = 1024 * 1024;

impl Request {
    pub(crate) fn new(client: HttpClient, method: Method, url: Url) -> Self {
        let (headers, bearer, max_body) = (Vec::new(), None, MAX_BODY);
        Self { client, method, url, headers, bearer, max_body }
    }

    /// Adds a bearer token ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    pub fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// Adds a header. A value that no header can have makes the request fail before it is sent.
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
    /// [`Answer`].
    pub async fn send(self) -> Result<Answer, Error> {
        self.dispatch(|request| request).await
    }

    /// Sends `fields` as `application/x-www-form-urlencoded`, in their order.
    ///
    /// # Errors
    ///
    /// As [`Request::send`].
    pub async fn send_form(self, fields: &[(&str, &str)]) -> Result<Answer, Error> {
        self.dispatch(|request| request.form(fields)).await
    }

    /// Sends `body` as JSON.
    ///
    /// # Errors
    ///
    /// As [`Request::send`].
    pub async fn send_json<T: Serialize + Sync + ?Sized>(self, body: &T) -> Result<Answer, Error> {
        self.dispatch(|request| request.json(body)).await
    }

    /// The one place where anything is sent. The deadline is absolute: it holds for the connection,
    /// the answer and the last byte of its body together, however slowly they trickle.
    async fn dispatch(
        self,
        with_body: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<Answer, Error> {
        let (host, path) = (host(&self.url).to_owned(), self.url.path().to_owned());
        let (timeout, max_body) = (self.client.timeout(), self.max_body);
        tracing::debug!(method = %self.method, host, path, "asking");
        let request = with_body(self.build().map_err(|error| Error::of(&host, error))?);
        let answer = async {
            let response = request.send().await.map_err(|error| Error::of(&host, error))?;
            // Answers that were asked for side by side are told apart by their paths.
            tracing::debug!(host, path, status = response.status().as_u16(), "answered");
            Answer::read(&host, response, max_body).await
        };
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::Timeout { host, after: timeout }),
        }
    }

    fn build(self) -> Result<reqwest::RequestBuilder, reqwest::Error> {
        let mut request = self
            .client
            .built()?
            .request(self.method, self.url)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        Ok(match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
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
