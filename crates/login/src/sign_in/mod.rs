//! Sign in with ChatGPT: the browser, the code, the tokens, an API key, `auth.json`.
//!
//! ```text
//! start ── the store can be written, the port is bound, the URL is ready
//!   └─ finish ── callback ── the store is locked, with room ── code for tokens
//!        ── ID token for API key ── auth.json ── success page
//!
//! start_by_device_code ── the store can be written
//!   └─ finish ── user code ── agreed ── the same from there, without a page
//! ```

use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use auth_store::{AuthStore, Location};
use http_client::{BaseUrl, HttpClient};
use jiff::Timestamp;
use native_oauth::{Authorization, RequestParameters, WaitOptions};
use oauth_callback_server::BindOptions;
use token_client::TokenClient;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::event::{Events, forward_to};
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
mod landing;

/// What a sign-in may be asked to do differently.
#[derive(Clone, Debug)]
pub struct Options {
    /// The authorization server.
    pub issuer: BaseUrl,
    /// The registered client.
    pub client_id: String,
    /// The ports and the path of its redirect URIs.
    pub redirect: BindOptions,
    /// How long the browser is waited for.
    pub timeout: Duration,
    /// Whether an API key is asked for.
    pub api_key: ApiKeyMode,
    /// Scopes to ask for besides the usual ones.
    pub scopes: Vec<String>,
    /// Only these ChatGPT workspaces; any when empty. An account of another one is refused here,
    /// whatever the issuer makes of the parameter.
    pub workspaces: Vec<String>,
    /// Where else sign-ins are stored. Tokens are not revoked that one of those could end with.
    pub other_stores: OtherStores,
    /// Ends the sign-in once it is cancelled: tokens that were issued by then are revoked. Until
    /// [`Event::ExchangingCode`](crate::Event::ExchangingCode), dropping [`PendingSignIn::finish`] is as
    /// good.
    pub cancellation: CancellationToken,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Options {
    /// The registered client of `issuer`, with everything else as usual.
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

/// Begins: from here on the port is ours, and the URL can be opened.
///
/// Nothing is sent and no TLS root is read, so that the URL is there at once.
///
/// # Errors
///
/// [`Error::Store`] when the credentials could not be kept, [`Error::Bind`] when the port is taken,
/// [`Error::NoRandomness`] when the system gives none.
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

/// A sign-in that waits for its person. Dropping it gives the port back.
#[derive(Debug)]
pub struct PendingSignIn {
    options: Options,
    client: TokenClient,
    store: AuthStore,
    authorization: Authorization,
}

/// Who signed in, and where that is kept.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The claims of the ID token.
    pub claims: Claims,
    /// The plan, such as `plus`.
    pub plan: Option<String>,
    /// Whether an API key came with it, or why not.
    pub api_key: ApiKeyOutcome,
    /// Whether the organization still has to be set up on the platform.
    pub needs_setup: bool,
    /// Where it is kept.
    pub location: Location,
    /// The copy of an old file that could not be read, if there was one.
    pub backup: Option<PathBuf>,
    /// The sign-in that was there before, if there was one.
    pub replaced: Option<ReplacedSignIn>,
}

impl PendingSignIn {
    /// Where the person has to go, and how they come back.
    ///
    /// Whichever way brings a grant first wins, and the others end.
    pub fn authorization(&mut self) -> &mut Authorization {
        &mut self.authorization
    }

    /// Waits for the person, and does the rest. The browser is told how it ended, and it is told of
    /// a success when the credentials are on disk.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed; whatever was stored before is untouched.
    pub async fn finish(self, events: Events<'_>) -> Result<SignedIn, Error> {
        let Self { options, client, store, authorization } = self;
        let wait = WaitOptions {
            timeout: options.timeout,
            pages: pages::callback_pages(pages::SIGN_IN_FAILED),
            also_connect_to: None,
        };
        let (flow, forward) = (DeviceCodeFlow(&client), forward_to(events));
        let grant = authorization.wait(&client, wait, Some(&flow), &forward).await?;
        let completion = Completion { options: &options, client: &client, store: &store, events };
        completion.finish(grant).await
    }
}

fn client(options: &Options, http: HttpClient) -> TokenClient {
    TokenClient::new(http, openai::provider(options.issuer.clone()), options.client_id.clone())
}
