//! Sign in with ChatGPT: the browser, the code, the tokens, an API key, `auth.json`.
//!
//! ```text
//! start ── the store can be written, the port is bound, the URL is ready
//!   └─ finish ── callback ── code for tokens ── ID token for API key ── auth.json ── success page
//!
//! start_by_device_code ── the store can be written
//!   └─ finish ── user code ── agreed ── the same from there, without a page
//! ```

use std::path::PathBuf;
use std::time::Duration;

use auth_store::{AuthStore, Error as StoreError, Location, SignIn};
use credentials::{ApiKey, Claims};
use http_client::{BaseUrl, HttpClient};
use jiff::Timestamp;
use oauth_callback_server::Landing;
use token_client::{TokenClient, Tokens};
use tokio::join;

use crate::authorization::{Authorization, CallbackPorts, Parts};
use crate::commit::commit;
use crate::company::Company;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::pages;
use crate::registered::{SIGN_IN_CLIENT_ID, SIGN_IN_PORT, SIGN_IN_SCOPE};
use crate::stored::{Replaced, WORTH_WAITING, revoke_replaced};

use identity::Identity;
use key_name::key_name;
use landing::landing;
use ways::{Granted, first_of_all};

pub use device::{PendingDeviceCode, start_by_device_code};

mod device;
mod identity;
mod key_name;
mod landing;
mod ways;

/// What a sign-in may be asked to do differently.
#[derive(Clone, Debug)]
pub struct Options {
    /// The authorization server.
    pub issuer: BaseUrl,
    /// The registered client.
    pub client_id: String,
    /// The ports of its redirect URIs.
    pub ports: CallbackPorts,
    /// How long the browser is waited for.
    pub timeout: Duration,
    /// Whether an API key is asked for.
    pub api_key: ApiKeyWish,
    /// Only these ChatGPT workspaces; any when empty.
    pub workspaces: Vec<String>,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// Whether a sign-in brings an API key as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyWish {
    /// Exchange the ID token for one; without an organization and a project the sign-in fails.
    Exchange,
    /// Leave the key in `auth.json` null.
    Skip,
}

impl Options {
    /// The registered client of `issuer`, with everything else as usual.
    #[must_use]
    pub fn new(issuer: BaseUrl, now: fn() -> Timestamp) -> Self {
        Self {
            issuer,
            client_id: SIGN_IN_CLIENT_ID.to_owned(),
            ports: SIGN_IN_PORT.into(),
            timeout: Duration::from_secs(15 * 60),
            api_key: ApiKeyWish::Exchange,
            workspaces: Vec::new(),
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
    let parameters = |parts: Parts<'_>| parameters(&options, &parts);
    let authorization = Authorization::begin(&options.ports, &options.issuer, parameters)?;
    Ok(PendingSignIn { options, http, store, authorization })
}

fn parameters(options: &Options, parts: &Parts<'_>) -> Vec<(&'static str, String)> {
    let workspaces = options.workspaces.join(",");
    let parameters = [
        ("response_type", "code"),
        ("client_id", &options.client_id),
        ("redirect_uri", parts.redirect_uri),
        ("scope", SIGN_IN_SCOPE),
        ("code_challenge", parts.code_challenge),
        ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ("id_token_add_organizations", "true"),
        ("state", parts.state),
        ("allowed_workspace_id", &workspaces),
    ];
    let is_said =
        |(name, _): &(&str, &str)| *name != "allowed_workspace_id" || !workspaces.is_empty();
    let parameters = parameters.into_iter().filter(is_said);
    parameters.map(|(name, value)| (name, value.to_owned())).collect()
}

/// A sign-in that waits for its person. Dropping it gives the port back.
#[derive(Debug)]
pub struct PendingSignIn {
    options: Options,
    http: HttpClient,
    store: AuthStore,
    authorization: Authorization,
}

/// Who signed in, and where that is kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The claims of the ID token.
    pub claims: Claims,
    /// The plan, such as `plus`.
    pub plan: Option<String>,
    /// Whether an API key came with it.
    pub has_api_key: bool,
    /// Whether the organization still has to be set up on the platform.
    pub needs_setup: bool,
    /// Where it is kept.
    pub location: Location,
    /// The copy of an old file that could not be read, if there was one.
    pub set_aside: Option<PathBuf>,
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
    pub async fn finish(mut self, events: Events<'_>) -> Result<SignedIn, Error> {
        let browser = self.authorization.take_browser();
        let company = Company::new(browser, &self.http, &self.options.issuer);
        company.beside(self.story(events), events).await
    }

    async fn story(self, events: Events<'_>) -> Result<SignedIn, Error> {
        let Self { options, http, store, authorization } = self;
        let Options { issuer, timeout, .. } = &options;
        let awaited = authorization.awaited(issuer, *timeout, pages::SIGN_IN_FAILED)?;
        let client = client(&options, http);
        let granted = first_of_all(awaited, &client, *timeout, events).await?;
        settle(&options, &client, granted, store, events).await
    }
}

fn client(options: &Options, http: HttpClient) -> TokenClient {
    TokenClient::new(http, options.issuer.clone(), options.client_id.clone())
}

/// From a grant to its end, of which the browser is told, if there is one.
async fn settle(
    options: &Options,
    client: &TokenClient,
    granted: Granted,
    store: AuthStore,
    events: Events<'_>,
) -> Result<SignedIn, Error> {
    events(Event::CallbackReceived);
    let completed = complete(options, client, &granted, store, events).await;
    let browser = granted.browser();
    match completed {
        Ok(Completed { signed_in, landing, replaced }) => {
            let last_page = async {
                if let Some(browser) = browser {
                    browser.redirect(landing).await;
                }
            };
            join!(last_page, revoke_replaced(client, &replaced, events));
            Ok(signed_in)
        }
        Err(error) => {
            if let Some(browser) = browser {
                browser.fail(pages::SIGN_IN_FAILED).await;
            }
            Err(error)
        }
    }
}

/// Credentials on disk, and what is left to do then.
struct Completed {
    signed_in: SignedIn,
    landing: Landing,
    replaced: Replaced,
}

/// From the grant to credentials on disk, and to the page that says so.
async fn complete(
    options: &Options,
    client: &TokenClient,
    granted: &Granted,
    store: AuthStore,
    events: Events<'_>,
) -> Result<Completed, Error> {
    let tokens = granted.redeem(client).await?;
    let now = (options.now)();
    let identity = Identity::read(&tokens, options, now)?;
    let api_key = match options.api_key {
        ApiKeyWish::Exchange => Some(exchange(client, &identity, &tokens, now, events).await?),
        ApiKeyWish::Skip => None,
    };
    let (key_name, api_key) = api_key.unzip();
    let landing = landing(&identity, &tokens.id_token, &options.issuer);
    let (location, has_api_key) = (store.location(), api_key.is_some());
    let kept = keep(store, tokens, api_key, &identity, now).await;
    let (replaced, set_aside) = kept.map_err(|source| unkept(key_name, source))?;
    events(Event::Kept { location: &location });
    let needs_setup = identity.needs_setup();
    let Identity { claims, plan } = identity;
    let signed_in = SignedIn { claims, plan, has_api_key, needs_setup, location, set_aside };
    Ok(Completed { signed_in, landing, replaced })
}

/// An API key, and the name under which the platform lists it.
async fn exchange(
    client: &TokenClient,
    identity: &Identity,
    tokens: &Tokens,
    now: Timestamp,
    events: Events<'_>,
) -> Result<(String, ApiKey), Error> {
    identity.needs_a_home_for_the_key()?;
    let name = key_name(now)?;
    events(Event::CreatingApiKey { name: &name });
    match client.exchange_for_api_key(&tokens.id_token, &name).await {
        Ok(key) => Ok((name, key)),
        Err(source) => Err(Error::KeyExchange { name, source }),
    }
}

async fn keep(
    store: AuthStore,
    tokens: Tokens,
    api_key: Option<ApiKey>,
    identity: &Identity,
    now: Timestamp,
) -> Result<(Replaced, Option<PathBuf>), StoreError> {
    let Tokens { id_token, access_token, refresh_token, .. } = tokens;
    let account_id = identity.claims.openai.chatgpt_account_id.clone();
    let sign_in =
        SignIn { id_token, access_token, refresh_token, account_id, api_key, last_refresh: now };
    let store = store.with_lock_wait(WORTH_WAITING);
    let save = move || {
        store.update_or_set_aside(now, |document| {
            let replaced = Replaced::of(document);
            document.set_sign_in(&sign_in);
            replaced
        })
    };
    commit(save).await
}

/// A key that exists is named, because nobody has it; but where it is stored, and only a power cut could
/// take it back, it is had.
fn unkept(key_name: Option<String>, source: StoreError) -> Error {
    match key_name {
        Some(name) if !matches!(source, StoreError::NotDurable { .. }) => {
            Error::Unkept { name, handed_over: false, source }
        }
        _ => Error::Store(source),
    }
}
