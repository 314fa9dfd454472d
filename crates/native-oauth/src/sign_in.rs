use std::time::Duration;

use oauth_callback_server::{BindOptions, Page, Pages, RedirectHost};
use token_client::{TokenClient, TokenResponse};
use url::Url;

use crate::authorization::{Authorization, Grant, RequestParameters, WaitOptions};
use crate::browser::BrowserError;
use crate::device_grant::{StandardDeviceFlow, wait_for_approval};
use crate::error::Error;
use crate::event::Event;

/// A sign-in that has not started. The defaults are those of RFC 8252: `http://127.0.0.1` on any free
/// port, with the path `/callback`.
#[derive(Clone, Debug)]
pub struct SignIn {
    client: TokenClient,
    scopes: Vec<String>,
    parameters: Vec<(String, String)>,
    redirect: BindOptions,
    timeout: Duration,
    pages: Pages,
    success_page: Option<Page>,
}

impl SignIn {
    /// A sign-in of this client, without a scope.
    #[must_use]
    pub fn new(client: TokenClient) -> Self {
        let redirect = BindOptions::new("/callback").redirect_host(RedirectHost::Ipv4);
        Self {
            client,
            scopes: Vec::new(),
            parameters: Vec::new(),
            redirect,
            timeout: Duration::from_secs(15 * 60),
            pages: Pages::default(),
            success_page: None,
        }
    }

    /// Adds scopes to the request.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds a parameter to the authorization URL, such as `prompt` or `audience`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// The host, the ports and the path of the redirect URI.
    #[must_use]
    pub fn redirect(self, redirect: BindOptions) -> Self {
        Self { redirect, ..self }
    }

    /// How long to wait for the person.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The pages that the browser shows.
    #[must_use]
    pub fn pages(self, success: impl Into<Page>, others: Pages) -> Self {
        Self { success_page: Some(success.into()), pages: others, ..self }
    }

    /// Opens the URL with `open`, waits for the callback, and exchanges the code for tokens.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed.
    pub async fn run(
        self,
        open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
    ) -> Result<TokenResponse, Error> {
        let mut pending = self.start()?;
        pending.authorization().open_browser_with(open);
        pending.finish(&|_: Event<'_>| {}).await
    }

    /// Signs in on another device, without a browser or a port here. [`Event::DeviceCode`] has the code.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceCode`], [`Error::DeviceDenied`] or [`Error::DeviceExpired`].
    pub async fn run_by_device_code(
        self,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<TokenResponse, Error> {
        let scope = self.scope();
        let flow = StandardDeviceFlow { client: &self.client, scope: scope.as_deref() };
        wait_for_approval(&flow, self.timeout, events).await
    }

    /// Opens the port and builds the URL. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InsecureEndpoint`], [`Error::NoRandomness`] or [`Error::Bind`].
    pub fn start(self) -> Result<PendingSignIn, Error> {
        let endpoint = &self.client.provider().authorization_endpoint;
        let query = |request: RequestParameters<'_>| self.query(request);
        let authorization = Authorization::start(&self.redirect, endpoint, query)?;
        Ok(PendingSignIn { sign_in: self, authorization })
    }

    fn query(&self, request: RequestParameters<'_>) -> Vec<(&str, String)> {
        let required = [
            ("response_type", "code"),
            ("client_id", self.client.client_id()),
            ("redirect_uri", request.redirect_uri),
            ("state", request.state),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ];
        let required = required.map(|(name, value)| (name, value.to_owned()));
        let scope = self.scope().map(|scope| ("scope", scope));
        let more = self.parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
        required.into_iter().chain(scope).chain(more).collect()
    }

    fn scope(&self) -> Option<String> {
        (!self.scopes.is_empty()).then(|| self.scopes.join(" "))
    }
}

/// A sign-in that waits for the person. Dropping it closes the port.
#[derive(Debug)]
pub struct PendingSignIn {
    sign_in: SignIn,
    authorization: Authorization,
}

impl PendingSignIn {
    /// The URL, and how the person opens it and returns.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    /// Waits for the first of: the callback, a pasted URL, and an approval on another device. Then
    /// exchanges the code for tokens, and shows the outcome in the browser.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed.
    pub async fn finish(
        self,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<TokenResponse, Error> {
        let Self { sign_in, authorization } = self;
        let scope = sign_in.scope();
        let SignIn { client, timeout, pages, success_page, .. } = sign_in;
        let success_page = success_page.unwrap_or_else(|| pages.finished.clone());
        let error_page = pages.failed.clone();
        let wait = WaitOptions { timeout, pages, also_connect_to: None };
        let device_flow = StandardDeviceFlow { client: &client, scope: scope.as_deref() };
        let (grant, browser) =
            match authorization.wait(&client, wait, Some(&device_flow), events).await? {
                Grant::Code(grant, browser) => (grant, browser),
                Grant::Device(tokens) => return Ok(tokens),
            };
        match client.exchange_code(&grant.code_exchange()).await {
            Ok(tokens) => {
                browser.respond_ok(success_page).await;
                Ok(tokens)
            }
            Err(error) => {
                browser.respond_error(error_page).await;
                Err(Error::CodeExchange(error))
            }
        }
    }
}
