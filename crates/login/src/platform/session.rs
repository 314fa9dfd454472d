use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use native_oauth::{
    Authorization, Error as OAuthError, Event as OAuthEvent, RequestParameters, WaitOptions,
};
use oauth_callback_server::{BindOptions, BrowserResponder, RedirectHost};
use platform_api::{PlatformApi, Session};
use token_client::TokenClient;

use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{self, CREATE_API_KEY_CLIENT_ID, CREATE_API_KEY_PORT, REDIRECT_PATH};
use crate::pages;
use crate::stored::StoredSignIn;

/// The options of a session.
#[derive(Clone, Debug)]
pub struct Options {
    /// The authorization server.
    pub issuer: BaseUrl,
    /// The platform's API.
    pub api_base: BaseUrl,
    /// The registered client.
    pub client_id: String,
    /// The ports and the path of its redirect URIs.
    pub redirect: BindOptions,
    /// How long to wait for the callback.
    pub timeout: Duration,
}

impl Options {
    /// The registered client of `issuer`, with the default options.
    #[must_use]
    pub fn new(issuer: BaseUrl, api_base: BaseUrl) -> Self {
        Self {
            issuer,
            api_base,
            client_id: CREATE_API_KEY_CLIENT_ID.to_owned(),
            redirect: BindOptions::new(REDIRECT_PATH)
                .redirect_host(RedirectHost::Localhost)
                .ports([CREATE_API_KEY_PORT]),
            timeout: Duration::from_secs(15 * 60),
        }
    }
}

/// Opens the port and builds the URL. This sends nothing.
///
/// # Errors
///
/// [`Error::OAuth`] when the port is in use, or the system returns no random bytes.
pub fn start(options: Options, http: HttpClient) -> Result<PendingSession, Error> {
    let Options { issuer, api_base, client_id, redirect, timeout } = options;
    let client = TokenClient::new(http, openai::create_api_key_provider(issuer), client_id);
    let query = |parameters: RequestParameters<'_>| {
        openai::create_api_key_query(client.client_id(), parameters)
    };
    let endpoint = &client.provider().authorization_endpoint;
    let authorization = Authorization::start(&redirect, endpoint, query)?;
    Ok(PendingSession { client, api_base, timeout, authorization })
}

/// A session whose sign-in waits for the person. Dropping it closes the port.
#[derive(Debug)]
pub struct PendingSession {
    client: TokenClient,
    api_base: BaseUrl,
    timeout: Duration,
    authorization: Authorization,
}

impl PendingSession {
    /// The URL, and how the person opens it and returns. This client has no device codes: a request for
    /// one is ignored.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    /// Waits for the person, and starts a session. This stores nothing.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed.
    pub async fn finish(self, events: Events<'_>) -> Result<Session, Error> {
        let (session, browser) = self.log_in(pages::SIGN_IN_FAILED, events).await?;
        browser.respond_ok(pages::LOGGED_IN).await;
        Ok(session)
    }

    /// Waits for the person, and starts a session. Returns the browser, which waits for a page; after an
    /// error it gets `error_page`.
    pub(crate) async fn log_in(
        self,
        error_page: &'static str,
        events: Events<'_>,
    ) -> Result<(Session, BrowserResponder), Error> {
        let Self { client, api_base, timeout, authorization } = self;
        let pages = pages::callback_pages(error_page);
        let mut wait = WaitOptions::new(timeout, pages);
        wait.also_connect_to = Some(&api_base);
        let report = |event: OAuthEvent<'_>| events(Event::OAuth(event));
        let (grant, browser) = authorization.wait_for_code(&client, wait, &report).await?;
        events(Event::CallbackReceived);
        let session = async {
            let tokens = client.exchange_code(&grant.code_exchange()).await;
            let access_token = tokens.map_err(OAuthError::CodeExchange)?.access_token;
            let platform = PlatformApi::new(client.http().clone(), api_base);
            platform.log_in(&access_token).await.map_err(Error::Platform)
        };
        match session.await {
            Ok(session) => Ok((session, browser)),
            Err(error) => {
                browser.respond_error(error_page).await;
                Err(error)
            }
        }
    }
}

/// Checks that the platform accepts the stored access token. Nothing is refreshed or stored.
///
/// # Errors
///
/// [`Error::AccessTokenNotAccepted`]; [`Error::AccessTokenExpired`], and nothing was sent; or why it is not known.
pub async fn check_stored_sign_in(
    sign_in: &StoredSignIn,
    platform: &PlatformApi,
) -> Result<(), Error> {
    let access_token = sign_in.unexpired_access_token()?;
    match platform.log_in(&access_token).await {
        // A 403 can also mean that the platform does not serve this account.
        Err(error) if error.is_unauthorized() && !error.is_inaccessible() => {
            Err(Error::AccessTokenNotAccepted(error))
        }
        outcome => outcome.map(drop).map_err(Error::Platform),
    }
}

/// Starts a session with a stored sign-in, without the browser.
///
/// The sign-in must come from the issuer of `sign_in`, and `platform` must belong to that issuer.
///
/// # Errors
///
/// After an error that [requires a sign-in](Error::requires_sign_in), use [`start`].
pub async fn by_stored_sign_in(
    sign_in: &StoredSignIn,
    platform: &PlatformApi,
    events: Events<'_>,
) -> Result<Session, Error> {
    let access_token = sign_in.access_token(events).await?;
    platform.log_in(&access_token).await.map_err(Error::Platform)
}
