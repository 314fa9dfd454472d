use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::attempt::Attempt;
use crate::client::HttpClient;
use crate::error::Error;
use crate::redact::Secrets;
use crate::response::Response;
use crate::root_cause::RootCause;
use crate::transport::Transport;

/// A request that is not sent yet. It accepts JSON.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    client: HttpClient,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, Zeroizing<String>)>,
    authorization: Option<Zeroizing<String>>,
    secrets: Secrets,
    max_body: usize,
    /// Whether a redirect is returned as a response.
    accepts_redirect: bool,
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
        self.authorization = Some(Zeroizing::new(format!("Bearer {token}")));
        self.secret(token)
    }

    /// Adds a user name and a password ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        let credentials = Zeroizing::new(format!("{user}:{password}"));
        let encoded = Zeroizing::new(STANDARD.encode(&*credentials));
        self.authorization = Some(Zeroizing::new(format!("Basic {}", *encoded)));
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
        self.headers.push((name, Zeroizing::new(value.to_owned())));
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
        self.dispatch(None).await
    }

    /// Sends `fields` as `application/x-www-form-urlencoded`, in their order.
    ///
    /// # Errors
    ///
    /// As [`Request::send`].
    pub async fn send_form(self, fields: &[(&str, &str)]) -> Result<Response, Error> {
        let body = form(fields);
        self.dispatch(Some(("application/x-www-form-urlencoded", body))).await
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
        let mut json = Zeroizing::new(Vec::with_capacity(JSON_SIZE));
        if let Err(error) = serde_json::to_writer(&mut *json, body) {
            return Err(self.client.attempt(&self.url)?.invalid_request(RootCause::new(error)));
        }
        self.dispatch(Some(("application/json", json))).await
    }

    /// Every request is sent here. The timeout covers the connection and the whole response,
    /// including the last byte of a slow body.
    async fn dispatch(
        self,
        body: Option<(&'static str, Zeroizing<Vec<u8>>)>,
    ) -> Result<Response, Error> {
        let attempt = self.client.attempt(&self.url)?;
        tracing::debug!(method = %self.method, host = attempt.host, path = self.url.path(), "request");
        let headers = self.header_map(body.as_ref().map(|(content_type, _)| *content_type));
        let headers = headers.map_err(|error| attempt.invalid_request(RootCause::new(error)))?;
        let body = body.map(|(_, body)| body);
        match self.client.transport() {
            Some(transport) => self.send_with(transport, &attempt, headers, body).await,
            None => self.send_with_own_client(&attempt, headers, body).await,
        }
    }

    fn check_status(&self, attempt: &Attempt, status: StatusCode) -> Result<u16, Error> {
        let (host, is_redirect, status) = (&attempt.host, status.is_redirection(), status.as_u16());
        // The path distinguishes the responses of concurrent requests.
        tracing::debug!(host, path = self.url.path(), status, "response");
        if is_redirect && !self.accepts_redirect {
            return Err(Error::Redirect { host: host.clone(), status });
        }
        Ok(status)
    }

    async fn send_with_own_client(
        &self,
        attempt: &Attempt,
        headers: HeaderMap,
        body: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Response, Error> {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(|mut body| std::mem::take(&mut *body).into());
        let client = self.client.built(attempt)?;
        attempt.check_not_late()?;
        let response = attempt.head(client.execute(request)).await?;
        let response = response.map_err(|error| attempt.failed(error))?;
        self.check_status(attempt, response.status())?;
        Response::read(attempt, response, self.max_body, self.secrets.clone()).await
    }

    async fn send_with(
        &self,
        transport: &dyn Transport,
        attempt: &Attempt,
        mut headers: HeaderMap,
        body: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Response, Error> {
        let user_agent = HeaderValue::from_static(self.client.options().user_agent);
        headers.insert(USER_AGENT, user_agent);
        let body = body.unwrap_or_default();
        let mut request = http::Request::new(body.as_slice());
        let uri = self.url.as_str().parse::<http::Uri>();
        *request.uri_mut() = uri.map_err(|error| attempt.invalid_request(RootCause::new(error)))?;
        (*request.method_mut(), *request.headers_mut()) = (self.method.clone(), headers);
        attempt.check_not_late()?;
        let response = attempt.head(transport.send(request, self.max_body)).await?;
        let response = response.map_err(|error| attempt.transport_failed(error))?;
        let (head, body) = response.into_parts();
        let body = Zeroizing::new(body);
        let status = self.check_status(attempt, head.status)?;
        if body.len() > self.max_body {
            return Err(attempt.too_large(self.max_body));
        }
        Ok(Response::new(&attempt.host, status, head.headers, body, self.secrets.clone()))
    }

    fn header_map(&self, content_type: Option<&'static str>) -> Result<HeaderMap, http::Error> {
        let mut map = HeaderMap::new();
        map.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            map.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        if let Some(authorization) = &self.authorization {
            let mut value = HeaderValue::from_str(authorization)?;
            // The library excludes it from its logs.
            value.set_sensitive(true);
            map.insert(AUTHORIZATION, value);
        }
        if let Some(content_type) = content_type {
            map.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        Ok(map)
    }
}

/// The buffer does not grow: that would leave an unwiped copy behind.
fn form(fields: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let size = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(size));
    Zeroizing::new(form.extend_pairs(fields).finish().into_bytes())
}

/// Any request with a secret fits.
const JSON_SIZE: usize = 64 * 1024;

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

#[cfg(test)]
mod tests {
    use super::*;

    use std::net::TcpListener;
    use std::time::Duration;

    use crate::error::Phase;
    use crate::options::Options;

    /// As if the process had been stopped while it built the client.
    #[test]
    fn request_that_is_late_before_it_connects_is_not_sent() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        server.set_nonblocking(true).unwrap();
        let url = format!("http://{}", server.local_addr().unwrap()).parse().unwrap();
        let client = HttpClient::new(Options::new("test"));
        let mut attempt = client.attempt(&url).unwrap();
        attempt.uptime = attempt.uptime.saturating_sub(Duration::from_secs(11));
        let request = client.post(url);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sent = request.send_with_own_client(&attempt, HeaderMap::new(), None);
        let error = runtime.block_on(sent).unwrap_err();
        assert!(matches!(error, Error::Timeout { phase: Phase::Connecting, .. }), "{error:?}");
        assert!(error.provably_not_sent() && server.accept().is_err());
    }
}
