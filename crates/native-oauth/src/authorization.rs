use std::fmt;
use std::time::Duration;

use credentials::AuthorizationCode;
use http_client::{BaseUrl, is_secure};
use oauth_callback_server::{
    BindOptions, BrowserResponder, Callback, CallbackConfig, CallbackServer, Pages, State,
};
use pkce::CodeVerifier;
use token_client::{CodeExchange, TokenClient};
use url::Url;

use crate::background::BackgroundTasks;
use crate::browser::{self, BrowserError};
use crate::browser_launch::BrowserLaunch;
use crate::device_grant::{DeviceFlow, NoDeviceFlow};
use crate::error::Error;
use crate::event::Event;
use crate::race::{Alternatives, Winner, race};
use crate::user_input::UserInputs;

/// One authorization request ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)),
/// and the server that receives its response. Dropping it closes the port.
///
/// The secrets are made before the port is opened, and the port is open before the URL exists.
pub struct Authorization {
    server: CallbackServer,
    state: State,
    code_verifier: CodeVerifier,
    redirect_uri: String,
    url: Url,
    browser: BrowserLaunch,
    inputs: Option<UserInputs>,
}

/// The URL has the `state`, which is a secret.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redirect_uri = &self.redirect_uri;
        f.debug_struct("Authorization").field("redirect_uri", redirect_uri).finish_non_exhaustive()
    }
}

/// The parameters that are made for each request.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RequestParameters<'a> {
    /// The `redirect_uri`, with the port that is open.
    pub redirect_uri: &'a str,
    /// The PKCE `code_challenge`, of the method `S256`.
    pub code_challenge: &'a str,
    /// The `state`.
    pub state: &'a str,
}

/// The `state` is a secret.
impl fmt::Debug for RequestParameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redirect_uri = &self.redirect_uri;
        f.debug_struct("RequestParameters")
            .field("redirect_uri", redirect_uri)
            .finish_non_exhaustive()
    }
}

impl Authorization {
    /// Makes the secrets, opens the port and builds the URL. No request is sent.
    ///
    /// # Errors
    ///
    /// As [`start_with_state`](Self::start_with_state).
    pub fn start<'a>(
        bind: &BindOptions,
        authorization_endpoint: &Url,
        query: impl FnOnce(RequestParameters<'_>) -> Vec<(&'a str, String)>,
    ) -> Result<Self, Error> {
        Self::start_with_state(State::generate()?, bind, authorization_endpoint, query)
    }

    /// As [`start`](Self::start), with the `state` of the caller, which must be unguessable.
    ///
    /// `query` returns the query of the URL, in order. It must contain all [`RequestParameters`].
    ///
    /// # Errors
    ///
    /// [`Error::InsecureEndpoint`], [`Error::NoRandomness`] or [`Error::Bind`].
    pub fn start_with_state<'a>(
        state: State,
        bind: &BindOptions,
        authorization_endpoint: &Url,
        query: impl FnOnce(RequestParameters<'_>) -> Vec<(&'a str, String)>,
    ) -> Result<Self, Error> {
        if !is_secure(authorization_endpoint) {
            return Err(Error::InsecureEndpoint { url: authorization_endpoint.to_string() });
        }
        let code_verifier = CodeVerifier::generate()?;
        let server = CallbackServer::bind(bind)?;
        let redirect_uri = server.redirect_uri();
        let query = query(RequestParameters {
            redirect_uri: &redirect_uri,
            code_challenge: code_verifier.challenge().as_str(),
            state: state.expose(),
        });
        let url = authorization_url(authorization_endpoint, &query);
        let (browser, inputs) = (BrowserLaunch::default(), None);
        Ok(Self { server, state, code_verifier, redirect_uri, url, browser, inputs })
    }

    /// The URL that the person opens.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Replaces the query, which the server has stored, by a reference to it
    /// ([RFC 9126 §4](https://www.rfc-editor.org/rfc/rfc9126#section-4)).
    pub(crate) fn refer_to(&mut self, endpoint: &Url, client_id: &str, request_uri: String) {
        let query = [("client_id", client_id.to_owned()), ("request_uri", request_uri)];
        self.url = authorization_url(endpoint, &query);
    }

    /// The port of the callback server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Opens the default browser from this process. Returns at once.
    pub fn open_browser(&mut self) {
        self.open_browser_with(browser::open_browser);
    }

    /// Calls `open` in a thread of its own, and returns at once. [`Event::BrowserNotOpened`] follows
    /// if `open` fails.
    pub fn open_browser_with(
        &mut self,
        open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
    ) {
        self.browser = BrowserLaunch::start(&self.url, open);
    }

    /// Ends the wait if the browser is not opened.
    pub(crate) fn require_browser(&mut self) {
        self.browser.require();
    }

    /// Accepts input of the person during the wait: the URL of the callback, or a request for a device
    /// code, where the client supports them.
    pub fn with_inputs(&mut self, inputs: UserInputs) {
        self.inputs = Some(inputs);
    }

    /// Waits for the callback, by browser or as a pasted URL. A request for a device code is ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Callback`] or [`Error::Unreachable`].
    pub async fn wait_for_code(
        self,
        client: &TokenClient,
        options: WaitOptions<'_>,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<(CodeGrant, BrowserResponder), Error> {
        match self.wait(client, options, None::<&NoDeviceFlow>, events).await? {
            Grant::Code(grant, browser) => Ok((grant, browser)),
            Grant::Device(never) => match never {},
        }
    }

    /// Waits for the callback, by browser or as a pasted URL, and for the approval on another device if
    /// the person asks for a device code.
    ///
    /// # Errors
    ///
    /// [`Error`] says which method failed. A device code that fails does not end the wait.
    pub async fn wait<D: DeviceFlow>(
        self,
        client: &TokenClient,
        options: WaitOptions<'_>,
        device_flow: Option<&D>,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<Grant<D::Grant>, Error> {
        let Self { server, state, code_verifier, redirect_uri, browser, inputs, .. } = self;
        let WaitOptions { timeout, pages, also_connect_to } = options;
        let mut config = CallbackConfig::new(state);
        let provider = client.provider();
        let issuer = provider.issuer_template.clone();
        config.issuer = issuer.or_else(|| Some(provider.issuer.to_string()));
        config.iss_required = provider.authorization_response_iss_parameter_supported;
        (config.pages, config.timeout) = (pages, timeout);
        let server = server.serve(config)?;
        let pasted_url = server.pasted_url();
        let token_server = token_server(client);
        let servers = [Some(&token_server), also_connect_to].into_iter().flatten().collect();
        let (http, rejections) = (client.http(), server.rejections());
        let background = BackgroundTasks { browser, rejections, http, servers };
        let callback = async { Ok(server.callback().await?) };
        let alternatives = Alternatives { inputs, pasted_url, device_flow, timeout };
        let winner = background.run_with(race(callback, alternatives, events), events).await?;
        Ok(match winner {
            Winner::Callback(Callback { code, parameters, browser, .. }) => {
                events(Event::CallbackReceived(&parameters));
                Grant::Code(CodeGrant { code, code_verifier, redirect_uri }, browser)
            }
            Winner::Device(grant) => Grant::Device(grant),
        })
    }
}

/// How to wait for the person.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitOptions<'a> {
    /// How long to wait for the callback.
    pub timeout: Duration,
    /// The pages of the callback server.
    pub pages: Pages,
    /// A second server that is needed after the callback. The wait keeps a connection open to it and to
    /// the token endpoint.
    pub also_connect_to: Option<&'a BaseUrl>,
}

impl WaitOptions<'_> {
    /// With these pages, and without a second server.
    #[must_use]
    pub fn new(timeout: Duration, pages: Pages) -> Self {
        Self { timeout, pages, also_connect_to: None }
    }
}

/// What the person granted.
#[derive(Debug)]
pub enum Grant<D> {
    /// An authorization code, and the browser that waits for a page.
    Code(CodeGrant, BrowserResponder),
    /// The grant of a device code.
    Device(D),
}

/// An authorization code, and what its exchange needs.
#[derive(Debug)]
pub struct CodeGrant {
    code: AuthorizationCode,
    code_verifier: CodeVerifier,
    redirect_uri: String,
}

impl CodeGrant {
    /// A code that a [`DeviceFlow`] of your own received.
    #[must_use]
    pub fn new(
        code: AuthorizationCode,
        code_verifier: CodeVerifier,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self { code, code_verifier, redirect_uri: redirect_uri.into() }
    }

    /// The parameters of the exchange for tokens.
    #[must_use]
    pub fn code_exchange(&self) -> CodeExchange<'_> {
        CodeExchange::new(&self.code, &self.redirect_uri, &self.code_verifier)
    }
}

/// The server of the token endpoint, which need not be that of the issuer.
fn token_server(client: &TokenClient) -> BaseUrl {
    let issuer = client.issuer().base_url();
    let origin = client.provider().token_endpoint.origin();
    let is_other = origin != issuer.join("/").origin();
    let other = is_other.then(|| origin.ascii_serialization().parse().ok()).flatten();
    other.unwrap_or_else(|| issuer.clone())
}

/// Adds the query to the query that the endpoint already has.
fn authorization_url(endpoint: &Url, query: &[(&str, String)]) -> Url {
    let mut url = endpoint.clone();
    url.query_pairs_mut().extend_pairs(query);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // threats 7
    #[test]
    fn each_parameter_is_in_the_url_once_and_encoded() {
        let endpoint = "https://a.test/tenant/authorize?tenant=1".parse().unwrap();
        let query = [
            ("client_id", "a b&c=d#\u{e9}%2".to_owned()),
            ("redirect_uri", "http://localhost:1/callback".to_owned()),
            ("scope", String::new()),
        ];
        let url = authorization_url(&endpoint, &query);
        assert_eq!(
            url.as_str(),
            "https://a.test/tenant/authorize?tenant=1&client_id=a+b%26c%3Dd%23%C3%A9%252\
             &redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcallback&scope="
        );
        let decoded: Vec<_> = url.query_pairs().into_owned().skip(1).collect();
        assert_eq!(decoded, query.map(|(name, value)| (name.to_owned(), value)));
    }

    // threats 84
    #[test]
    fn authorization_endpoint_is_https_or_on_this_machine() {
        for (endpoint, is_started) in [
            ("https://a.test/authorize", true),
            ("http://127.0.0.1:1/authorize", true),
            ("http://a.test/authorize", false),
            ("javascript:alert(1)", false),
        ] {
            let url = endpoint.parse().unwrap();
            let started = Authorization::start(&BindOptions::default(), &url, |_| Vec::new());
            assert_eq!(started.is_ok(), is_started, "{endpoint}");
        }
    }

    // threats 4
    #[test]
    fn each_authorization_has_its_own_secrets() {
        let endpoint = "https://a.test/authorize".parse().unwrap();
        let secrets = |_| {
            let bind = BindOptions::default();
            let started = Authorization::start(&bind, &endpoint, |_| Vec::new()).unwrap();
            [started.state.expose().to_owned(), started.code_verifier.expose().to_owned()]
        };
        let all: HashSet<String> = (0..10_000).flat_map(secrets).collect();
        assert_eq!(all.len(), 20_000);
    }
}
