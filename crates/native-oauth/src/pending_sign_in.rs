use std::fmt;
use std::time::Duration;

use oauth_callback_server::State;
use token_client::{JwkSet, TokenResponse};
use tokio::time::Instant;
use url::Url;

use crate::authorization::{Authorization, Grant, RequestParameters, WaitOptions};
use crate::browser::BrowserError;
use crate::device_grant::{resources, wait_for_approval};
use crate::error::Error;
use crate::event::Event;
use crate::sign_in::SignIn;

impl SignIn {
    /// Opens the URL with `open`, waits for the callback, and exchanges the code for tokens.
    ///
    /// An `open` that fails ends the sign-in, because nothing else shows the URL. Over SSH, for example,
    /// there is no browser; `open` can then print the URL and return `Ok`:
    ///
    /// ```no_run
    /// # async fn example(sign_in: native_oauth::SignIn) -> Result<(), native_oauth::Error> {
    /// let tokens = sign_in
    ///     .run(|url| {
    ///         native_oauth::open_browser(url).or_else(|_| {
    ///             eprintln!("Open this address to sign in: {url}");
    ///             Ok(())
    ///         })
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed; [`Error::BrowserNotOpened`] is that of `open`.
    pub async fn run(
        self,
        open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
    ) -> Result<TokenResponse, Error> {
        let mut pending = self.start()?;
        pending.load_keys().await?;
        if pending.needs_pushed_request() {
            pending.push_request().await?;
        }
        pending.authorization.open_browser_with(open);
        pending.authorization.require_browser();
        pending.finish(&|_: Event<'_>| {}).await
    }

    /// Signs in on another device, without a browser or a port here. [`Event::DeviceCode`] has the code:
    ///
    /// ```no_run
    /// # use native_oauth::Event;
    /// # async fn example(sign_in: native_oauth::SignIn) -> Result<(), native_oauth::Error> {
    /// let show = |event: Event<'_>| {
    ///     if let Event::DeviceCode { verification_uri, user_code, .. } = event {
    ///         eprintln!("Open {verification_uri} on any device, and type {user_code}.");
    ///     }
    /// };
    /// let tokens = sign_in.run_by_device_code(&show).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ReservedParameter`], [`Error::MissingOpenidScope`], [`Error::MissingKeys`],
    /// [`Error::DeviceCode`], [`Error::DeviceDenied`], [`Error::DeviceExpired`] or
    /// [`Error::InvalidIdToken`].
    pub async fn run_by_device_code(
        self,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<TokenResponse, Error> {
        self.check()?;
        let keys = self.keys();
        if let Some(keys) = &keys {
            keys.load().await?;
        }
        let scope = self.scope();
        let flow = self.device_flow(scope.as_deref());
        let tokens = wait_for_approval(&flow, self.timeout, events).await?;
        self.check_id_token(tokens, None, keys.as_ref()).await
    }

    /// Opens the port and builds the URL. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InsecureEndpoint`], [`Error::ReservedParameter`], [`Error::MissingOpenidScope`],
    /// [`Error::MissingKeys`], [`Error::NoRandomness`] or [`Error::Bind`].
    pub fn start(self) -> Result<PendingSignIn, Error> {
        self.start_with_state(State::generate()?)
    }

    /// As [`start`](Self::start), with the `state` of the caller, which must be unguessable.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_with_state(self, state: State) -> Result<PendingSignIn, Error> {
        self.check()?;
        let provider = self.client.provider();
        // Like a `state`, a nonce is an unguessable text.
        let nonce = if self.requests_openid_scope() { Some(State::generate()?) } else { None };
        let query = |request: RequestParameters<'_>| self.query(request, nonce.as_ref());
        let endpoint = &provider.authorization_endpoint;
        let authorization =
            Authorization::start_with_state(state, &self.redirect, endpoint, query)?;
        let own = endpoint.query_pairs().count();
        let parameters = authorization.url().query_pairs().into_owned().skip(own);
        let (parameters, keys) = (parameters.collect(), self.keys());
        Ok(PendingSignIn { sign_in: self, authorization, nonce, parameters, keys, pushed: None })
    }
}

/// A sign-in that waits for the person. Dropping it closes the port.
pub struct PendingSignIn {
    sign_in: SignIn,
    authorization: Authorization,
    nonce: Option<State>,
    /// The parameters of the authorization request.
    parameters: Vec<(String, String)>,
    keys: Option<JwkSet>,
    pushed: Option<Pushed>,
}

/// The parameters of the request have the `state` and the `nonce`, which are secrets.
impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authorization = &self.authorization;
        f.debug_struct("PendingSignIn")
            .field("authorization", authorization)
            .finish_non_exhaustive()
    }
}

/// The parameters are stored at the provider.
#[derive(Clone, Copy, Debug)]
struct Pushed {
    /// When the provider forgets them, if it says so.
    until: Option<Instant>,
}

impl PendingSignIn {
    /// The URL, and how the person opens it and returns.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    /// Reads the keys of the provider, if the signature is to be verified.
    async fn load_keys(&self) -> Result<(), Error> {
        match &self.keys {
            Some(keys) => Ok(keys.load().await?),
            None => Ok(()),
        }
    }

    fn needs_pushed_request(&self) -> bool {
        let is_required = self.sign_in.client.provider().require_pushed_authorization_requests;
        (self.sign_in.pushes_request || is_required) && self.pushed.is_none()
    }

    /// Sends the parameters of the URL to the provider, and replaces them by a reference
    /// ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)). Call it before the person opens the URL.
    ///
    /// Returns how long the new URL can be opened, if the provider says so; that is often a minute. Once
    /// it has expired, another call makes another URL. Until then, a call changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::PushedRequest`].
    pub async fn push_request(&mut self) -> Result<Option<Duration>, Error> {
        let now = Instant::now();
        match self.pushed {
            Some(Pushed { until: None }) => return Ok(None),
            Some(Pushed { until: Some(until) }) if now < until => return Ok(Some(until - now)),
            _ => {}
        }
        let client = &self.sign_in.client;
        let parameters = self.parameters.iter().map(|(name, value)| (&**name, &**value));
        let pushed = client.push_request(&parameters.collect::<Vec<_>>()).await;
        let pushed = pushed.map_err(Error::PushedRequest)?;
        let endpoint = &client.provider().authorization_endpoint;
        self.authorization.refer_to(endpoint, client.client_id(), pushed.request_uri);
        self.pushed = Some(Pushed { until: pushed.expires_in.and_then(|it| now.checked_add(it)) });
        Ok(pushed.expires_in)
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
        if self.needs_pushed_request() {
            return Err(Error::NotPushed);
        }
        self.load_keys().await?;
        let Self { sign_in, authorization, nonce, keys, .. } = self;
        let SignIn { client, timeout, pages, success_page, .. } = &sign_in;
        let wait = WaitOptions::new(*timeout, pages.clone());
        let scope = sign_in.scope();
        let device_flow = sign_in.device_flow(scope.as_deref());
        let (grant, browser) =
            match authorization.wait(client, wait, Some(&device_flow), events).await? {
                Grant::Code(grant, browser) => (grant, browser),
                Grant::Device(tokens) => {
                    return sign_in.check_id_token(tokens, None, keys.as_ref()).await;
                }
            };
        let resources = resources(&sign_in.parameters);
        let mut exchange = grant.code_exchange();
        exchange.parameters = &resources;
        let outcome = match client.exchange_code(&exchange).await {
            Ok(tokens) => {
                let nonce = nonce.as_ref().map(State::expose);
                sign_in.check_id_token(tokens, nonce, keys.as_ref()).await
            }
            Err(error) => Err(Error::CodeExchange(error)),
        };
        match &outcome {
            Ok(_) => {
                let page = success_page.as_ref().unwrap_or(&pages.finished);
                browser.respond_ok(page.clone()).await;
            }
            Err(_) => browser.respond_error(pages.failed.clone()).await,
        }
        outcome
    }
}
