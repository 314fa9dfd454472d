use std::convert::Infallible;
use std::future::pending;
use std::mem;
use std::time::Duration;

use credentials::AuthorizationCode;
use http_client::BaseUrl;
use oauth_callback_server::{
    BindOptions, BrowserResponder, Callback, CallbackConfig, CallbackServer, Pages, PastedCallback,
    RedirectHost, Rejections, RunningServer, State,
};
use pkce::CodeVerifier;
use token_client::CodeExchange;
use url::Url;

use crate::browser::{self, Launch, NotOpened};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::input::Inputs;
use crate::openai::{self, REDIRECT_PATH};
use crate::pages;
use crate::warm_up::alongside;

/// Where the browser may come back to.
#[derive(Clone, Debug)]
pub struct CallbackPorts {
    /// The ports to try, in this order: the first that is free is bound. 0 stands for any.
    pub ports: Vec<u16>,
    /// The ports to try when strangers have all of those.
    pub fallback_ports: Vec<u16>,
    /// What the redirect URI calls this machine.
    pub redirect_host: RedirectHost,
}

impl From<u16> for CallbackPorts {
    /// This one, if it is free.
    fn from(port: u16) -> Self {
        Self {
            ports: vec![port],
            fallback_ports: Vec::new(),
            redirect_host: RedirectHost::default(),
        }
    }
}

impl CallbackPorts {
    fn bind_options(&self) -> BindOptions {
        let Self { ports, fallback_ports, redirect_host } = self.clone();
        BindOptions {
            ports,
            fallback_ports,
            redirect_host,
            callback_path: REDIRECT_PATH,
            ..BindOptions::default()
        }
    }
}

/// One authorization request ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)),
/// the port at which its answer is awaited, and how the person gets there and back.
///
/// The secrets are made first, so that a system without randomness opens no port; the port is bound
/// next, so that nobody is sent to a browser that could not come back.
#[derive(Debug)]
pub struct Authorization {
    server: CallbackServer,
    state: State,
    code_verifier: CodeVerifier,
    redirect_uri: String,
    url: Url,
    browser: Launch,
    inputs: Option<Inputs>,
}

/// What an authorization URL is made of, beside what the client is registered with.
pub(crate) struct Parts<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) code_challenge: &'a str,
    pub(crate) state: &'a str,
}

impl Authorization {
    /// `parameters` are those of the URL, in their order.
    pub(crate) fn begin<'a>(
        ports: &CallbackPorts,
        issuer: &BaseUrl,
        parameters: impl FnOnce(Parts<'_>) -> Vec<(&'a str, String)>,
    ) -> Result<Self, Error> {
        let code_verifier = CodeVerifier::generate()?;
        let state = State::generate()?;
        let server = CallbackServer::bind(&ports.bind_options())?;
        let redirect_uri = server.redirect_uri();
        let url = {
            let challenge = code_verifier.challenge();
            let (code_challenge, state) = (challenge.as_str(), state.expose());
            let redirect_uri = &redirect_uri;
            authorization_url(issuer, &parameters(Parts { redirect_uri, code_challenge, state }))
        };
        let (browser, inputs) = (Launch::default(), None);
        Ok(Self { server, state, code_verifier, redirect_uri, url, browser, inputs })
    }

    /// The URL that the person has to open.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The port on which the browser is awaited.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Opens the default browser from this process, and waits for nothing.
    pub fn open_browser(&mut self) {
        self.open_browser_by(browser::open_default_browser);
    }

    /// Has `open` open a browser, and waits for nothing. It runs on a thread of its own, which it may
    /// keep for as long as it takes to know how that went;
    /// [`Event::BrowserNotOpened`](crate::Event::BrowserNotOpened) follows when it fails.
    pub fn open_browser_by(
        &mut self,
        open: impl FnOnce(&Url) -> Result<(), NotOpened> + Send + 'static,
    ) {
        self.browser = browser::launch(&self.url, open);
    }

    /// Takes what a person does meanwhile: they bring the address of the callback by hand, or ask for a
    /// code for another device, where the client has such codes.
    pub fn listen_to(&mut self, inputs: Inputs) {
        self.inputs = Some(inputs);
    }

    /// The browser that is being started, if one is.
    pub(crate) fn take_browser(&mut self) -> Launch {
        mem::take(&mut self.browser)
    }
}

/// What the callback brought, with what is needed to spend it.
#[derive(Debug)]
pub(crate) struct Grant {
    code: AuthorizationCode,
    code_verifier: CodeVerifier,
    redirect_uri: String,
}

impl Grant {
    pub(crate) fn code_exchange(&self) -> CodeExchange<'_> {
        let Self { code, code_verifier, redirect_uri } = self;
        CodeExchange { code, redirect_uri, code_verifier }
    }
}

impl Authorization {
    /// Begins to answer the browser, and to hear the person. `failed` is what the browser sees where
    /// nobody tells it how it ended.
    pub(crate) fn awaited(
        self,
        issuer: &BaseUrl,
        timeout: Duration,
        failed: &'static str,
    ) -> Result<(AwaitedCallback, Option<Inputs>), Error> {
        let Self { server, state, code_verifier, redirect_uri, inputs, .. } = self;
        let issuer = Some(issuer.as_str().to_owned());
        let expected = CallbackConfig { state, issuer, pages: pages(failed), timeout };
        let serving = server.serve(expected)?;
        Ok((AwaitedCallback { serving, code_verifier, redirect_uri }, inputs))
    }
}

/// A callback that may come by a browser or by hand.
pub(crate) struct AwaitedCallback {
    serving: RunningServer,
    code_verifier: CodeVerifier,
    redirect_uri: String,
}

impl AwaitedCallback {
    pub(crate) fn pasted_url(&self) -> PastedCallback {
        self.serving.pasted_url()
    }

    /// Waits, and tells what was not taken for the callback.
    pub(crate) async fn granted(
        self,
        events: Events<'_>,
    ) -> Result<(Grant, BrowserResponder), Error> {
        let Self { serving, code_verifier, redirect_uri } = self;
        let rejections = tell(serving.rejections(), events);
        let Callback { code, browser } = alongside(serving.callback(), rejections).await?;
        Ok((Grant { code, code_verifier, redirect_uri }, browser))
    }
}

async fn tell(mut rejections: Rejections, events: Events<'_>) -> Infallible {
    while let Some(rejected) = rejections.next().await {
        events(Event::CallbackRejected(rejected));
    }
    pending().await
}

/// The pages that do not depend on how it ends.
fn pages(failed: &'static str) -> Pages {
    Pages {
        denied: pages::DENIED.into(),
        missing_code: pages::MISSING_CODE.into(),
        failed: failed.into(),
        finished: pages::ALREADY_DONE.into(),
        state_mismatch: pages::STATE_MISMATCH.into(),
        other_code: pages::OTHER_CODE.into(),
        bad_request: pages::WRONG_REQUEST.into(),
        forbidden: pages::FORBIDDEN.into(),
        not_found: pages::NOT_FOUND.into(),
    }
}

/// The URL that the person opens. Each parameter stands in it once, encoded, in the given order.
fn authorization_url(issuer: &BaseUrl, parameters: &[(&str, String)]) -> Url {
    let mut url = openai::provider(issuer.clone()).authorization_endpoint;
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // threats 7
    #[test]
    fn odd_values_stand_in_the_url_once_and_encoded() {
        let issuer: BaseUrl = "https://a.test/tenant/".parse().unwrap();
        let parameters = [
            ("client_id", "a b&c=d#\u{e9}%2".to_owned()),
            ("redirect_uri", "http://localhost:1/auth/callback".to_owned()),
            ("scope", String::new()),
        ];
        let url = authorization_url(&issuer, &parameters);
        assert_eq!(
            url.as_str(),
            "https://a.test/tenant/oauth/authorize?client_id=a+b%26c%3Dd%23%C3%A9%252\
             &redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fauth%2Fcallback&scope="
        );
        let back: Vec<_> = url.query_pairs().into_owned().collect();
        let expected: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(back, expected);
    }

    // threats 4
    #[test]
    fn no_two_authorizations_share_a_secret() {
        let secrets = |_| {
            let issuer = "https://a.test".parse().unwrap();
            let begun = Authorization::begin(&0.into(), &issuer, |_| Vec::new()).unwrap();
            [begun.state.expose().to_owned(), begun.code_verifier.expose().to_owned()]
        };
        let all: HashSet<String> = (0..10_000).flat_map(secrets).collect();
        assert_eq!(all.len(), 20_000);
    }
}
