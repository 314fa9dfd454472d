use std::fmt;

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};
use serde::Serialize;
use url::Url;

use crate::client::HttpClient;
use crate::error::Error;
use crate::redact::Secrets;
use crate::response::Response;

/// A request that is not sent yet. It accepts JSON.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    client: HttpClient,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    authorization: Option<Authorization>,
    secrets: Secrets,
    max_body: usize,
    /// Whether a redirect is returned as a response.
    accepts_redirect: bool,
}

/// The `Authorization` header, which the library excludes from its logs.
enum Authorization {
    Bearer(String),
    Basic(String, String),
}

/// Large enough for every list of the platform.
const MAX_BODY: usize = 1024 * 1024;

impl Request {
    pub(crate) fn new(client: HttpClient, method: Method, url: Url) -> Self {
        let (headers, authorization, secrets) = (Vec::new(), None, Secrets::default());
        let (max_body, accepts_redirect) = (MAX_BODY, false);
        Self { client, method, url, headers, authorization, secrets, max_body, accepts_redirect }
    }

    /// Adds a bearer token ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    pub fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(Authorization::Bearer(token.to_owned()));
        self.secret(token)
    }

    /// Adds a user name and a password ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.authorization = Some(Authorization::Basic(user.to_owned(), password.to_owned()));
        self.secret(password)
    }

    /// Declares a secret of the body: an [`ErrorResponse`](crate::ErrorResponse) shows `[hidden]`
    /// instead of it or a part of it. A bearer token and a password are declared automatically.
    pub fn secret(mut self, secret: &str) -> Self {
        self.secrets.add(secret);
        self
    }

    pub(crate) fn accept_redirect(mut self) -> Self {
        self.accepts_redirect = true;
        self
    }

    /// Adds a header. With an invalid name or value, the request fails before it is sent.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Limits the size of the response body. A larger body is an error.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sends the request without a body.
    ///
    /// # Errors
    ///
    /// [`Error`] if there is no complete response, or if it is a redirect. Any other status is a
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

    /// Every request is sent here. The timeout covers the connection and the whole response,
    /// including the last byte of a slow body.
    async fn dispatch(
        self,
        with_body: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<Response, Error> {
        let attempt = self.client.attempt(&self.url)?;
        let (host, path) = (&attempt.host, self.url.path());
        tracing::debug!(method = %self.method, host, path, "request");
        let client = self.client.built(&attempt)?;
        let response = attempt.head(with_body(self.build(&client)).send()).await?;
        let response = response.map_err(|error| attempt.failed(error))?;
        let status = response.status().as_u16();
        // The path distinguishes the responses of concurrent requests.
        tracing::debug!(host, path, status, "response");
        if response.status().is_redirection() && !self.accepts_redirect {
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
        match &self.authorization {
            Some(Authorization::Bearer(token)) => request.bearer_auth(token),
            Some(Authorization::Basic(user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The caller sets headers, authorization and query.
        let path = self.url.path();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}
