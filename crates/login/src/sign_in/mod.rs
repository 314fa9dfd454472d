//! Sign in with ChatGPT: the browser, the code, the tokens, an API key, `auth.json`.
//!
//! ```text
//! start ── the store is writable, the port is open, the URL is ready
//!   └─ finish ── callback ── the store is locked, with room ── code for tokens
//!        ── ID token for API key ── auth.json ── success page
//!
//! by_device_code ── the store is writable ── user code ── approval ── as above, without a page
//! ```

use std::path::PathBuf;
use std::time::Duration;

use auth_store::Location;
use native_oauth::{
    Authorization, Event as OAuthEvent, Grant, RequestParameters, WaitOptions, wait_for_approval,
};
use oauth_callback_server::{BindOptions, RedirectHost};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{
    self, Claims, DeviceCodeFlow, REDIRECT_PATH, SIGN_IN_OTHER_PORT, SIGN_IN_PORT,
};
use crate::pages;
use crate::stored::{ReplacedSignIn, StoredSignIn};

use completion::Completion;

pub use api_key::{ApiKeyMode, ApiKeyOutcome};

mod api_key;
mod completion;
mod identity;
mod redirect_page;

/// The options of a sign-in.
#[derive(Clone, Debug)]
pub struct Options {
    /// The ports and the path of the redirect URIs.
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
    /// Cancels the sign-in, and revokes tokens that were already issued. Until
    /// [`Event::ExchangingCode`], dropping [`PendingSignIn::finish`] is
    /// enough.
    pub cancellation: CancellationToken,
}

impl Default for Options {
    /// The ports of the registered client.
    fn default() -> Self {
        Self {
            redirect: BindOptions::new(REDIRECT_PATH)
                .redirect_host(RedirectHost::Localhost)
                .ports([SIGN_IN_PORT])
                .fallback_ports([SIGN_IN_OTHER_PORT]),
            timeout: Duration::from_secs(15 * 60),
            api_key: ApiKeyMode::IfPossible,
            scopes: Vec::new(),
            workspaces: Vec::new(),
            cancellation: CancellationToken::new(),
        }
    }
}

/// Opens the port and builds the URL. `sign_in` is the place of the new sign-in, and its client.
///
/// This sends nothing and reads no TLS root, so the URL is available at once.
///
/// # Errors
///
/// [`Error::Store`] when the store is not writable, [`Error::OAuth`] when the port is in use, or the
/// system returns no random bytes.
pub fn start(options: Options, sign_in: StoredSignIn) -> Result<PendingSignIn, Error> {
    sign_in.store.check_writable()?;
    let Options { scopes, workspaces, .. } = &options;
    let query = |parameters: RequestParameters<'_>| {
        openai::sign_in_query(sign_in.client.client_id(), scopes, workspaces, parameters)
    };
    let endpoint = &sign_in.client.provider().authorization_endpoint;
    let authorization = Authorization::start(&options.redirect, endpoint, query)?;
    Ok(PendingSignIn { options, sign_in, authorization })
}

/// Signs in by a code that the person types on another device, without a port and a browser here
/// ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)). After the check of the store, this requests the code
/// ([`DeviceCode`](OAuthEvent::DeviceCode)), waits for the approval, and stores the credentials.
///
/// # Errors
///
/// [`Error`] says which step failed. Except after an error of the save itself, the store is unchanged.
pub async fn by_device_code(
    options: Options,
    sign_in: StoredSignIn,
    events: Events<'_>,
) -> Result<SignedIn, Error> {
    sign_in.store.check_writable()?;
    let flow = DeviceCodeFlow(&sign_in.client);
    let report = |event: OAuthEvent<'_>| events(Event::OAuth(event));
    let grant = wait_for_approval(&flow, options.timeout, &report).await?;
    Completion { options: &options, sign_in: &sign_in, events }.finish(&grant, None).await
}

/// A sign-in that waits for the person. Dropping it closes the port.
#[derive(Debug)]
pub struct PendingSignIn {
    options: Options,
    sign_in: StoredSignIn,
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
        let Self { options, sign_in, authorization } = self;
        let pages = pages::callback_pages(pages::SIGN_IN_FAILED);
        let wait = WaitOptions::new(options.timeout, pages);
        let client = &sign_in.client;
        let report = |event: OAuthEvent<'_>| events(Event::OAuth(event));
        let device_flow = DeviceCodeFlow(client);
        let (grant, browser) =
            match authorization.wait(client, wait, Some(&device_flow), &report).await? {
                Grant::Code(grant, browser) => (grant, Some(browser)),
                Grant::Device(grant) => (grant, None),
            };
        Completion { options: &options, sign_in: &sign_in, events }.finish(&grant, browser).await
    }
}
