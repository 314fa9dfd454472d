//! Sign in with ChatGPT: the browser, the code, the tokens, an API key, `auth.json`.
//!
//! ```text
//! start ── the store is writable, the port is open, the URL is ready
//!   └─ finish ── callback ── the store is locked, with room ── code for tokens
//!        ── ID token for API key ── auth.json ── success page
//!
//! start_by_device_code ── the store is writable
//!   └─ finish ── user code ── approval ── as above, without a page
//! ```

use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use auth_store::{AuthStore, Location};
use http_client::{BaseUrl, HttpClient};
use jiff::Timestamp;
use native_oauth::{Authorization, Event as OAuthEvent, RequestParameters, WaitOptions};
use oauth_callback_server::BindOptions;
use token_client::TokenClient;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{
    self, Claims, DeviceCodeFlow, REDIRECT_PATH, SIGN_IN_CLIENT_ID, SIGN_IN_OTHER_PORT,
    SIGN_IN_PORT, SIGN_IN_SCOPE,
};
use crate::pages;
use crate::stored::{OtherStores, ReplacedSignIn};

use completion::Completion;

pub use api_key::{ApiKeyMode, ApiKeyOutcome};
pub use device::{PendingDeviceCode, start_by_device_code};

mod api_key;
mod completion;
mod device;
mod identity;
mod key_name;
mod redirect_page;

/// The options of a sign-in.
#[derive(Clone, Debug)]
pub struct Options {
    /// The authorization server.
    pub issuer: BaseUrl,
    /// The registered client.
    pub client_id: String,
    /// The ports and the path of its redirect URIs.
    pub redirect: BindOptions,
    /// How long to wait for the callback.
    pub timeout: Duration,
    /// Whether to request an API key.
    pub api_key: ApiKeyMode,
    /// Scopes beside the default ones.
    pub scopes: Vec<String>,
    /// The ChatGPT workspaces that are allowed; all if empty. The tokens are checked, because the issuer
    /// may ignore the parameter.
    pub workspaces: Vec<String>,
    /// The other stores of this machine. Tokens are not revoked if that could end a sign-in in one of them.
    pub other_stores: OtherStores,
    /// Cancels the sign-in, and revokes tokens that were already issued. Until
    /// [`Event::ExchangingCode`](crate::Event::ExchangingCode), dropping [`PendingSignIn::finish`] is
    /// enough.
    pub cancellation: CancellationToken,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Options {
    /// The registered client of `issuer`, with the default options.
    #[must_use]
    pub fn new(issuer: BaseUrl, now: fn() -> Timestamp) -> Self {
        Self {
            issuer,
            client_id: SIGN_IN_CLIENT_ID.to_owned(),
            redirect: BindOptions::new(REDIRECT_PATH)
                .ports([SIGN_IN_PORT])
                .fallback_ports([SIGN_IN_OTHER_PORT]),
            timeout: Duration::from_secs(15 * 60),
            api_key: ApiKeyMode::IfPossible,
            scopes: Vec::new(),
            workspaces: Vec::new(),
            other_stores: OtherStores::default(),
            cancellation: CancellationToken::new(),
            now,
        }
    }
}

/// Opens the port and builds the URL.
///
/// This sends nothing and reads no TLS root, so the URL is available at once.
///
/// # Errors
///
/// [`Error::Store`] when the store is not writable, [`Error::OAuth`] when the port is in use, or the
/// system returns no random bytes.
pub fn start(options: Options, http: HttpClient, store: AuthStore) -> Result<PendingSignIn, Error> {
    store.check_writable()?;
    let client = client(&options, http);
    let query = |parameters: RequestParameters<'_>| query(&options, parameters);
    let endpoint = &client.provider().authorization_endpoint;
    let authorization = Authorization::start(&options.redirect, endpoint, query)?;
    Ok(PendingSignIn { options, client, store, authorization })
}

fn query(options: &Options, parameters: RequestParameters<'_>) -> Vec<(&'static str, String)> {
    let workspaces = options.workspaces.join(",");
    let scopes = iter::once(SIGN_IN_SCOPE).chain(options.scopes.iter().map(String::as_str));
    let scope = scopes.collect::<Vec<_>>().join(" ");
    let query = [
        ("response_type", "code"),
        ("client_id", &options.client_id),
        ("redirect_uri", parameters.redirect_uri),
        ("scope", &scope),
        ("code_challenge", parameters.code_challenge),
        ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ("id_token_add_organizations", "true"),
        ("state", parameters.state),
        ("allowed_workspace_id", &workspaces),
    ];
    let is_used =
        |(name, _): &(&str, &str)| *name != "allowed_workspace_id" || !workspaces.is_empty();
    query.into_iter().filter(is_used).map(|(name, value)| (name, value.to_owned())).collect()
}

/// A sign-in that waits for the person. Dropping it closes the port.
#[derive(Debug)]
pub struct PendingSignIn {
    options: Options,
    client: TokenClient,
    store: AuthStore,
    authorization: Authorization,
}

/// Who signed in, and where the sign-in is stored.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The claims of the ID token.
    pub claims: Claims,
    /// The plan, such as `plus`.
    pub plan: Option<String>,
    /// Whether there is an API key, or why not.
    pub api_key: ApiKeyOutcome,
    /// Whether the organization is not yet set up on the platform.
    pub needs_setup: bool,
    /// Where it is stored.
    pub location: Location,
    /// The copy of an old file that could not be read, if there was one.
    pub backup: Option<PathBuf>,
    /// The sign-in that was there before, if there was one.
    pub replaced: Option<ReplacedSignIn>,
}

impl PendingSignIn {
    /// The URL, and how the person opens it and returns. The first method that succeeds ends the others.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    /// Waits for the person, exchanges the code and stores the credentials. The browser shows success only
    /// after that.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed. Except after an error of the save itself, the store is unchanged.
    pub async fn finish(self, events: Events<'_>) -> Result<SignedIn, Error> {
        let Self { options, client, store, authorization } = self;
        let pages = pages::callback_pages(pages::SIGN_IN_FAILED);
        let wait = WaitOptions::new(options.timeout, pages);
        let (flow, report) =
            (DeviceCodeFlow(&client), |event: OAuthEvent<'_>| events(Event::OAuth(event)));
        let grant = authorization.wait(&client, wait, Some(&flow), &report).await?;
        let completion = Completion { options: &options, client: &client, store: &store, events };
        completion.finish(grant).await
    }
}

fn client(options: &Options, http: HttpClient) -> TokenClient {
    TokenClient::new(http, openai::provider(options.issuer.clone()), options.client_id.clone())
}
