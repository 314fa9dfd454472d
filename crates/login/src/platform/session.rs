use std::convert::Infallible;
use std::mem;
use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use oauth_callback_server::WaitingBrowser;
use platform_api::{PlatformApi, Session};
use token_client::TokenClient;
use tokio::join;
use url::Url;

use crate::authorization::{Authorization, CallbackPorts, Grant, authorization_url};
use crate::browser::{self, Launch, NotOpened};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::input::{Inputs, bring_all};
use crate::pages;
use crate::registered::{CREATE_API_KEY_CLIENT_ID, CREATE_API_KEY_PORT, CREATE_API_KEY_SCOPE};
use crate::warm_up::{alongside, keep_warm};

/// The audience of the access token: the platform's API, wherever it is asked.
const AUDIENCE: &str = "https://api.openai.com/v1";

/// Who is asked for a session, and where the browser comes back to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The authorization server.
    pub issuer: BaseUrl,
    /// The platform's API.
    pub api_base: BaseUrl,
    /// The registered client.
    pub client_id: String,
    /// The ports of its redirect URIs.
    pub ports: CallbackPorts,
    /// How long the browser is waited for.
    pub timeout: Duration,
}

impl Options {
    /// The registered client of `issuer`, with everything else as usual.
    #[must_use]
    pub fn new(issuer: BaseUrl, api_base: BaseUrl) -> Self {
        Self {
            issuer,
            api_base,
            client_id: CREATE_API_KEY_CLIENT_ID.to_owned(),
            ports: CREATE_API_KEY_PORT.into(),
            timeout: Duration::from_secs(15 * 60),
        }
    }
}

/// Begins: from here on the port is ours, and the URL can be opened. Nothing is sent yet.
///
/// # Errors
///
/// [`Error::Bind`] when the port is taken, [`Error::NoRandomness`] when the system gives none.
pub fn start(options: Options, http: HttpClient) -> Result<PendingSession, Error> {
    let authorization = Authorization::begin(&options.ports)?;
    let auth_url = auth_url(&options, &authorization);
    let (browser, inputs) = (Launch::default(), None);
    Ok(PendingSession { options, http, authorization, auth_url, browser, inputs })
}

fn auth_url(options: &Options, authorization: &Authorization) -> Url {
    let code_challenge = authorization.code_verifier.challenge();
    let parameters = [
        ("audience", AUDIENCE),
        ("client_id", &options.client_id),
        ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ("code_challenge", code_challenge.as_str()),
        ("redirect_uri", &authorization.redirect_uri),
        ("response_type", "code"),
        ("scope", CREATE_API_KEY_SCOPE),
        ("state", authorization.state.expose()),
    ];
    authorization_url(&options.issuer, &parameters)
}

/// A session that waits for its person. Dropping it gives the port back.
#[derive(Debug)]
pub struct PendingSession {
    options: Options,
    http: HttpClient,
    authorization: Authorization,
    auth_url: Url,
    browser: Launch,
    inputs: Option<Inputs>,
}

impl PendingSession {
    /// The URL that the person has to open.
    #[must_use]
    pub fn auth_url(&self) -> &Url {
        &self.auth_url
    }

    /// The port on which the browser is awaited.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.authorization.server.port()
    }

    /// Opens the default browser from this process, and waits for nothing.
    pub fn open_browser(&mut self) {
        self.open_browser_by(browser::open_default_browser);
    }

    /// Has `open` open a browser, and waits for nothing. It runs on a thread of its own, which it may
    /// keep for as long as it takes to know how that went; [`Event::BrowserNotOpened`] follows when
    /// it fails.
    pub fn open_browser_by(
        &mut self,
        open: impl FnOnce(&Url) -> Result<(), NotOpened> + Send + 'static,
    ) {
        self.browser = browser::launch(&self.auth_url, open);
    }

    /// Takes the address of the callback by hand as well. There is no device code for this client, and
    /// an input that asks for one is ignored.
    pub fn listen_to(&mut self, inputs: Inputs) {
        self.inputs = Some(inputs);
    }

    /// Waits for the person, and logs them in. Nothing is stored.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed.
    pub async fn finish(mut self, events: Events<'_>) -> Result<Session, Error> {
        let company = self.company(events);
        let story = async {
            let (session, browser) = self.logged_in(pages::SIGN_IN_FAILED, events).await?;
            browser.show(pages::LOGGED_IN).await;
            Ok(session)
        };
        alongside(story, company).await
    }

    /// What goes on beside the wait, and never ends: the browser is watched, and a connection to each
    /// server is kept ready.
    pub(crate) fn company<'e>(
        &mut self,
        events: Events<'e>,
    ) -> impl Future<Output = Infallible> + use<'e> {
        let http = self.http.clone();
        let Options { issuer, api_base, .. } = self.options.clone();
        let browser = mem::take(&mut self.browser);
        async move {
            let browser = browser.watch(events);
            let warm_issuer = keep_warm(&http, &issuer, events);
            let warm_api = keep_warm(&http, &api_base, events);
            join!(browser, warm_issuer, warm_api).1
        }
    }

    /// Waits for the person, and logs them in. The browser, which then waits for the outcome of the
    /// rest, sees `failed` where there is no rest.
    pub(crate) async fn logged_in(
        self,
        failed: &'static str,
        events: Events<'_>,
    ) -> Result<(Session, WaitingBrowser), Error> {
        let Self { options, http, authorization, inputs, .. } = self;
        let callback = authorization.awaited(&options.issuer, options.timeout, failed)?;
        let by_hand = callback.by_hand();
        let granted = alongside(callback.granted(), bring_all(by_hand, inputs, events)).await;
        let (grant, browser) = granted?;
        events(Event::CallbackReceived);
        match log_in(options, http, &grant).await {
            Ok(session) => Ok((session, browser)),
            Err(error) => {
                browser.fail(failed).await;
                Err(error)
            }
        }
    }
}

/// From the code to a session.
async fn log_in(options: Options, http: HttpClient, grant: &Grant) -> Result<Session, Error> {
    let issuer = TokenClient::new(http.clone(), options.issuer, options.client_id);
    let access_token = issuer.redeem_code_for_access_token(&grant.redemption()).await;
    let platform = PlatformApi::new(http, options.api_base);
    platform.log_in(&access_token.map_err(Error::Code)?).await.map_err(Error::Platform)
}
