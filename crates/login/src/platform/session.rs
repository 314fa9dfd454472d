use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use oauth_callback_server::BrowserResponder;
use platform_api::{PlatformApi, Session};
use token_client::TokenClient;

use crate::authorization::{Authorization, CallbackPorts, Grant, Parts};
use crate::company::Company;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::input::bring_all;
use crate::openai::{self, CREATE_API_KEY_CLIENT_ID, CREATE_API_KEY_PORT, CREATE_API_KEY_SCOPE};
use crate::pages;
use crate::warm_up::alongside;

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
    let parameters = |parts: Parts<'_>| parameters(&options.client_id, &parts);
    let authorization = Authorization::begin(&options.ports, &options.issuer, parameters)?;
    Ok(PendingSession { options, http, authorization })
}

fn parameters(client_id: &str, parts: &Parts<'_>) -> Vec<(&'static str, String)> {
    let parameters = [
        ("audience", AUDIENCE),
        ("client_id", client_id),
        ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ("code_challenge", parts.code_challenge),
        ("redirect_uri", parts.redirect_uri),
        ("response_type", "code"),
        ("scope", CREATE_API_KEY_SCOPE),
        ("state", parts.state),
    ];
    parameters.map(|(name, value)| (name, value.to_owned())).into()
}

/// A session that waits for its person. Dropping it gives the port back.
#[derive(Debug)]
pub struct PendingSession {
    options: Options,
    http: HttpClient,
    authorization: Authorization,
}

impl PendingSession {
    /// Where the person has to go, and how they come back. There are no device codes for this client, and
    /// an input that asks for one is ignored.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    /// Waits for the person, and logs them in. Nothing is stored.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed.
    pub async fn finish(mut self, events: Events<'_>) -> Result<Session, Error> {
        let company = self.company();
        let story = async {
            let (session, browser) = self.logged_in(pages::SIGN_IN_FAILED, events).await?;
            browser.respond_ok(pages::LOGGED_IN).await;
            Ok(session)
        };
        company.beside(story, events).await
    }

    /// What goes on beside the wait.
    pub(crate) fn company(&mut self) -> Company {
        let Options { issuer, api_base, .. } = &self.options;
        let browser = self.authorization.take_browser();
        Company::new(browser, &self.http, issuer).and(&self.http, api_base)
    }

    /// Waits for the person, and logs them in. The browser, which then waits for the outcome of the
    /// rest, sees `failed` where there is no rest.
    pub(crate) async fn logged_in(
        self,
        failed: &'static str,
        events: Events<'_>,
    ) -> Result<(Session, BrowserResponder), Error> {
        let Self { options, http, authorization } = self;
        let (callback, inputs) = authorization.awaited(&options.issuer, options.timeout, failed)?;
        let pasted_url = callback.pasted_url();
        let granted =
            alongside(callback.granted(events), bring_all(pasted_url, inputs, events)).await;
        let (grant, browser) = granted?;
        events(Event::CallbackReceived);
        match log_in(options, http, &grant).await {
            Ok(session) => Ok((session, browser)),
            Err(error) => {
                browser.respond_error(failed).await;
                Err(error)
            }
        }
    }
}

/// From the code to a session.
async fn log_in(options: Options, http: HttpClient, grant: &Grant) -> Result<Session, Error> {
    let provider = openai::create_api_key_provider(options.issuer);
    let client = TokenClient::new(http.clone(), provider, options.client_id);
    let tokens = client.exchange_code(&grant.code_exchange()).await.map_err(Error::Code)?;
    let platform = PlatformApi::new(http, options.api_base);
    platform.log_in(&tokens.access_token).await.map_err(Error::Platform)
}
