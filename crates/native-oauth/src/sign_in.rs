use std::time::{Duration, SystemTime};

use oauth_callback_server::{BindOptions, Page, Pages, RedirectHost, State};
use token_client::{InvalidIdToken, JwkSet, TokenClient, TokenResponse};
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
    verifies_signature: bool,
    pushes_request: bool,
    now: fn() -> SystemTime,
}

/// The parameters that the sign-in sets itself.
const RESERVED: &str = "response_type client_id redirect_uri state code_challenge \
                        code_challenge_method scope nonce response_mode";

impl SignIn {
    /// A sign-in of this client, without a scope.
    #[must_use]
    pub fn new(client: TokenClient) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the default; `clock` replaces it")]
        let now = SystemTime::now;
        Self {
            client,
            scopes: Vec::new(),
            parameters: Vec::new(),
            redirect: BindOptions::default().redirect_host(RedirectHost::Ipv4),
            timeout: Duration::from_secs(15 * 60),
            pages: Pages::default(),
            success_page: None,
            verifies_signature: false,
            pushes_request: false,
            now,
        }
    }

    /// Adds scopes to the request; a text can have several, with spaces between them. `openid` requests an ID token, and a `nonce` is then sent.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for scopes in scopes {
            let scopes: String = scopes.into();
            self.scopes.extend(scopes.split(' ').filter(|it| !it.is_empty()).map(str::to_owned));
        }
        self
    }

    /// Adds a parameter to the authorization request, such as `login_hint`. A device authorization
    /// request has it, too.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// What the server asks the person, such as `login` or `select_account`
    /// ([OpenID Connect Core
    /// §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)).
    #[must_use]
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.parameter("prompt", prompt)
    }

    /// The API that the access token is for, at a server with a parameter `audience`.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.parameter("audience", audience)
    }

    /// The API that the access token is for ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). It is
    /// also in the token request, and can be called more than once.
    #[must_use]
    pub fn resource(self, resource: impl Into<String>) -> Self {
        self.parameter("resource", resource)
    }

    /// The host, the ports and the path of the redirect URI. With
    /// [`form_post`](BindOptions::form_post), the request has `response_mode=form_post`.
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

    /// Verifies the signature of the ID token with the keys of the provider ([`JwkSet`]). That is
    /// optional, because the token comes from the token endpoint over TLS; its claims are always
    /// validated. A response without an ID token is then an error.
    #[must_use]
    pub fn verify_signature(self) -> Self {
        Self { verifies_signature: true, ..self }
    }

    /// Sends the parameters of the authorization request to the provider, so that the URL has only a
    /// reference to them ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)). A provider that requires
    /// this in its metadata gets it anyway. After [`start`](Self::start), call
    /// [`PendingSignIn::push_request`].
    #[must_use]
    pub fn push_request(self) -> Self {
        Self { pushes_request: true, ..self }
    }

    /// The clock for the validation of the ID token. The default is that of the system.
    #[must_use]
    pub fn clock(self, now: fn() -> SystemTime) -> Self {
        Self { now, ..self }
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
        if pending.needs_push() {
            pending.push_request().await?;
        }
        pending.authorization().open_browser_with(open);
        pending.finish(&|_: Event<'_>| {}).await
    }

    /// Signs in on another device, without a browser or a port here. [`Event::DeviceCode`] has the code.
    ///
    /// # Errors
    ///
    /// [`Error::ReservedParameter`], [`Error::MissingKeys`], [`Error::DeviceCode`],
    /// [`Error::DeviceDenied`], [`Error::DeviceExpired`] or [`Error::InvalidIdToken`].
    pub async fn run_by_device_code(
        self,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<TokenResponse, Error> {
        self.check()?;
        let scope = self.scope();
        let flow = self.device_flow(scope.as_deref());
        let tokens = wait_for_approval(&flow, self.timeout, events).await?;
        self.check_id_token(tokens, None).await
    }

    /// Opens the port and builds the URL. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InsecureEndpoint`], [`Error::ReservedParameter`], [`Error::MissingKeys`],
    /// [`Error::NoRandomness`] or [`Error::Bind`].
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
        let nonce = if self.is_openid() { Some(State::generate()?) } else { None };
        let query = |request: RequestParameters<'_>| self.query(request, nonce.as_ref());
        let endpoint = &provider.authorization_endpoint;
        let authorization =
            Authorization::start_with_state(state, &self.redirect, endpoint, query)?;
        Ok(PendingSignIn { sign_in: self, authorization, nonce, is_pushed: false })
    }

    fn check(&self) -> Result<(), Error> {
        let mut parameters = self.parameters.iter();
        let reserved = parameters.find(|(name, _)| RESERVED.split(' ').any(|it| it == name));
        match reserved {
            Some((name, _)) => Err(Error::ReservedParameter { name: name.clone() }),
            None if self.verifies_signature && self.client.provider().jwks_uri.is_none() => {
                Err(Error::MissingKeys)
            }
            None => Ok(()),
        }
    }

    fn is_openid(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }

    fn query(&self, request: RequestParameters<'_>, nonce: Option<&State>) -> Vec<(&str, String)> {
        let required = [
            ("response_type", "code"),
            ("client_id", self.client.client_id()),
            ("redirect_uri", request.redirect_uri),
            ("state", request.state),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ];
        let form_post = self.redirect.form_post.then_some(("response_mode", "form_post"));
        let nonce = nonce.map(|nonce| ("nonce", nonce.expose()));
        let own = required.into_iter().chain(form_post).chain(nonce);
        let scope = self.scope().map(|scope| ("scope", scope));
        let more = self.parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
        own.map(|(name, value)| (name, value.to_owned())).chain(scope).chain(more).collect()
    }

    fn scope(&self) -> Option<String> {
        (!self.scopes.is_empty()).then(|| self.scopes.join(" "))
    }

    fn device_flow<'a>(&'a self, scope: Option<&'a str>) -> StandardDeviceFlow<'a> {
        StandardDeviceFlow { client: &self.client, scope, parameters: &self.parameters }
    }

    async fn check_id_token(
        &self,
        tokens: TokenResponse,
        nonce: Option<&str>,
    ) -> Result<TokenResponse, Error> {
        let id_token = match &tokens.id_token {
            None if self.verifies_signature || self.is_openid() => {
                return Err(InvalidIdToken::Missing.into());
            }
            None => return Ok(tokens),
            Some(id_token) => id_token,
        };
        self.client.validate_id_token(id_token, nonce, (self.now)())?;
        let jwks_uri = self.client.provider().jwks_uri.clone();
        if let Some(jwks_uri) = jwks_uri.filter(|_| self.verifies_signature) {
            JwkSet::new(self.client.http().clone(), jwks_uri).verify(id_token).await?;
        }
        Ok(tokens)
    }
}

/// A sign-in that waits for the person. Dropping it closes the port.
#[derive(Debug)]
pub struct PendingSignIn {
    sign_in: SignIn,
    authorization: Authorization,
    nonce: Option<State>,
    is_pushed: bool,
}

impl PendingSignIn {
    /// The URL, and how the person opens it and returns.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    fn needs_push(&self) -> bool {
        let is_required = self.sign_in.client.provider().require_pushed_authorization_requests;
        (self.sign_in.pushes_request || is_required) && !self.is_pushed
    }

    /// Sends the parameters of the URL to the provider, once, and replaces them by a reference
    /// ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)). Call it before the person opens the URL.
    ///
    /// # Errors
    ///
    /// [`Error::PushedRequest`].
    pub async fn push_request(&mut self) -> Result<(), Error> {
        if self.is_pushed {
            return Ok(());
        }
        let client = &self.sign_in.client;
        let endpoint = client.provider().authorization_endpoint.clone();
        let query: Vec<_> = self.authorization.url().query_pairs().into_owned().collect();
        let own = endpoint.query_pairs().count();
        let parameters: Vec<_> =
            query.iter().skip(own).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pushed = client.push_request(&parameters).await.map_err(Error::PushedRequest)?;
        self.authorization.refer_to(&endpoint, client.client_id(), pushed.request_uri);
        self.is_pushed = true;
        Ok(())
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
        if self.needs_push() {
            return Err(Error::NotPushed);
        }
        let Self { sign_in, authorization, nonce, .. } = self;
        let SignIn { client, timeout, pages, success_page, .. } = &sign_in;
        let wait = WaitOptions::new(*timeout, pages.clone());
        let scope = sign_in.scope();
        let device_flow = sign_in.device_flow(scope.as_deref());
        let (grant, browser) =
            match authorization.wait(client, wait, Some(&device_flow), events).await? {
                Grant::Code(grant, browser) => (grant, browser),
                Grant::Device(tokens) => return sign_in.check_id_token(tokens, None).await,
            };
        let resource = sign_in.parameters.iter().filter(|(name, _)| name == "resource");
        let resource: Vec<_> = resource.cloned().collect();
        let mut exchange = grant.code_exchange();
        exchange.parameters = &resource;
        let outcome = match client.exchange_code(&exchange).await {
            Ok(tokens) => sign_in.check_id_token(tokens, nonce.as_ref().map(State::expose)).await,
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
