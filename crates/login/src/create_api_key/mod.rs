//! Create a project API key: the browser, the code, a session of the platform, the default project
//! of the preferred organization, a key.
//!
//! ```text
//! start ── the port is bound, the URL is ready
//!   └─ finish ── callback ── code for access token ── session ── organizations ── projects ── key
//! ```

use std::mem;
use std::time::Duration;

use auth_store::AuthStore;
use credentials::ApiKey;
use http_client::{BaseUrl, HttpClient};
use platform_api::{Organization, PlatformApi, Project};
use token_client::TokenClient;
use tokio::join;
use url::Url;
use zeroize::Zeroizing;

use crate::authorization::{Authorization, CallbackPorts, Grant, authorization_url};
use crate::browser::{self, Launch, NotOpened};
use crate::commit::commit;
use crate::error::{Error, Undelivered};
use crate::event::{Event, Events};
use crate::input::{Inputs, bring_all};
use crate::pages::{self, KeyHome};
use crate::registered::{CREATE_API_KEY_CLIENT_ID, CREATE_API_KEY_PORT, CREATE_API_KEY_SCOPE};
use crate::stored::WORTH_WAITING;
use crate::warm_up::{alongside, keep_warm};

use poll::wait_for_target;

pub use poll::Patience;
pub use target::Choice;

mod poll;
mod target;

/// The audience of the access token: the platform's API, wherever it is asked.
const AUDIENCE: &str = "https://api.openai.com/v1";

/// What the creation of a key may be asked to do differently.
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
    /// The name under which the platform lists the key.
    pub name: String,
    /// Where the key is made.
    pub choice: Choice,
    /// How long a default project is waited for.
    pub patience: Patience,
    /// Where the key is kept as well, if anywhere.
    pub save_to: Option<AuthStore>,
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
            name: "Codex CLI".to_owned(),
            choice: Choice::default(),
            patience: Patience::default(),
            save_to: None,
        }
    }
}

/// Begins: from here on the port is ours, and the URL can be opened. Nothing is sent yet.
///
/// # Errors
///
/// [`Error::Store`] when the key is to be kept and could not be, [`Error::Bind`] when the port is
/// taken, [`Error::NoRandomness`] when the system gives none.
pub fn start(options: Options, http: HttpClient) -> Result<PendingApiKey, Error> {
    if let Some(store) = &options.save_to {
        store.check_writable()?;
        // Only a sign-in may replace a file that cannot be read.
        store.load()?;
    }
    let authorization = Authorization::begin(&options.ports)?;
    let auth_url = auth_url(&options, &authorization);
    let (browser, inputs) = (Launch::default(), None);
    Ok(PendingApiKey { options, http, authorization, auth_url, browser, inputs })
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

/// A key that waits for its person. Dropping it gives the port back.
#[derive(Debug)]
pub struct PendingApiKey {
    options: Options,
    http: HttpClient,
    authorization: Authorization,
    auth_url: Url,
    browser: Launch,
    inputs: Option<Inputs>,
}

/// A key that was just made, and where it belongs. The platform shows it this once.
#[derive(Debug)]
#[non_exhaustive]
pub struct NewApiKey {
    /// The organization that pays for it.
    pub organization: Organization,
    /// The project that it belongs to.
    pub project: Project,
    /// The name under which the platform lists it.
    pub name: String,
    /// The key.
    pub key: ApiKey,
}

impl PendingApiKey {
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

    /// Waits for the person, makes the key, hands it to `deliver`, and keeps it where
    /// [`Options::save_to`] says. The browser is told that it worked when the key was delivered.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed. After [`Error::Undelivered`] and [`Error::Unkept`] there is
    /// a key at the platform.
    pub async fn finish(
        mut self,
        events: Events<'_>,
        deliver: impl FnOnce(&NewApiKey) -> Result<(), Undelivered>,
    ) -> Result<NewApiKey, Error> {
        let (http, issuer) = (self.http.clone(), self.options.issuer.clone());
        let api_base = self.options.api_base.clone();
        let browser = mem::take(&mut self.browser).watch(events);
        let warm_issuer = keep_warm(&http, &issuer, events);
        let warm_api = keep_warm(&http, &api_base, events);
        let company = async { join!(browser, warm_issuer, warm_api).1 };
        alongside(self.story(events, deliver), company).await
    }

    async fn story(
        self,
        events: Events<'_>,
        deliver: impl FnOnce(&NewApiKey) -> Result<(), Undelivered>,
    ) -> Result<NewApiKey, Error> {
        let Self { options, http, authorization, inputs, .. } = self;
        let callback =
            authorization.awaited(&options.issuer, options.timeout, pages::KEY_FAILED)?;
        let by_hand = callback.by_hand();
        let granted = alongside(callback.granted(), bring_all(by_hand, inputs, events)).await;
        let (grant, browser) = granted?;
        events(Event::CallbackReceived);

        let new = match create(&options, http, &grant, events).await {
            Ok(new) => new,
            Err(error) => {
                browser.fail(pages::KEY_FAILED).await;
                return Err(error);
            }
        };
        // Both are tried whatever becomes of the other, because the key is shown only once.
        let delivered = deliver(&new);
        let (new, kept) = keep(options.save_to, new).await;
        match &delivered {
            Ok(()) => browser.show(key_created(&new)).await,
            Err(_) => browser.fail(pages::KEY_FAILED).await,
        }
        handed_over(new, delivered, kept)
    }
}

/// From the code to a key.
async fn create(
    options: &Options,
    http: HttpClient,
    grant: &Grant,
    events: Events<'_>,
) -> Result<NewApiKey, Error> {
    let issuer = TokenClient::new(http.clone(), options.issuer.clone(), options.client_id.clone());
    let access_token = issuer.redeem_code_for_access_token(&grant.redemption()).await;
    let platform = PlatformApi::new(http, options.api_base.clone());
    let session = platform.log_in(&access_token.map_err(Error::Code)?).await;
    let session = session.map_err(Error::Platform)?;
    let target = wait_for_target(&session, &options.choice, options.patience, events).await?;
    let (organization, project, name) = (target.organization, target.project, options.name.clone());
    events(Event::CreatingApiKey { name: &name });
    match session.create_api_key(&organization.id, &project.id, &name).await {
        Ok(key) => Ok(NewApiKey { organization, project, name, key }),
        Err(error) => Err(Error::KeyCreation { name, source: error.into() }),
    }
}

/// Keeps the key where that was asked for, and says whether it is kept.
async fn keep(
    store: Option<AuthStore>,
    new: NewApiKey,
) -> (NewApiKey, Result<bool, auth_store::Error>) {
    let Some(store) = store else { return (new, Ok(false)) };
    let store = store.with_lock_wait(WORTH_WAITING);
    let save = move || {
        let kept = store.update(|document| document.set_api_key(&new.key));
        (new, kept.map(|()| true))
    };
    commit(save).await
}

fn handed_over(
    new: NewApiKey,
    delivered: Result<(), Undelivered>,
    kept: Result<bool, auth_store::Error>,
) -> Result<NewApiKey, Error> {
    match (delivered, kept) {
        (Ok(()), Ok(_)) => Ok(new),
        (Ok(()), Err(source)) => Err(Error::Unkept { name: new.name, source }),
        (Err(source), kept) => {
            let kept = kept.unwrap_or(false);
            Err(Error::Undelivered { name: new.name, kept, source })
        }
    }
}

fn key_created(new: &NewApiKey) -> Zeroizing<String> {
    let organization = new.organization.title.as_deref().unwrap_or(new.organization.id.as_str());
    let project = new.project.title.as_deref().unwrap_or(new.project.id.as_str());
    pages::key_created(&KeyHome { organization: Some(organization), project: Some(project) })
}
