//! Create a project API key in [a session of the platform](crate::platform): in the default project of
//! the preferred organization, or in a project that the person selects.
//!
//! ```text
//! start ── the port is open, the URL is ready
//!   └─ finish ── session ── organizations ── projects ── key
//! ```

use auth_store::{AuthStore, uninterrupted};
use credentials::ApiKey;
use http_client::{BaseUrl, HttpClient};
use native_oauth::Authorization;
use oauth_callback_server::BrowserResponder;
use platform_api::{Organization, Project, Session};
use token_source::LOCK_TIMEOUT;
use tokio::join;
use zeroize::Zeroizing;

use crate::error::{DeliveryError, Error};
use crate::event::{Event, Events};
use crate::pages;
use crate::platform::{self, PendingSession};

use search::{SearchScope, poll_for_choices};

pub use search::{Choice, PollPolicy, ProjectChoices, Target};

mod search;

/// The options for a key.
#[derive(Clone, Debug)]
pub struct Options {
    /// The session in which the key is created.
    pub session: platform::Options,
    /// The name of the key on the platform.
    pub name: String,
    /// The organization and the project of the key.
    pub choice: Choice,
    /// How often and how long to search for a project.
    pub poll: PollPolicy,
    /// The store for the key, if it is to be stored.
    pub save_to: Option<AuthStore>,
}

impl Options {
    /// The registered client of `issuer`, with the default options.
    #[must_use]
    pub fn new(issuer: BaseUrl, api_base: BaseUrl) -> Self {
        Self {
            session: platform::Options::new(issuer, api_base),
            name: "Codex CLI".to_owned(),
            choice: Choice::default(),
            poll: PollPolicy::default(),
            save_to: None,
        }
    }
}

/// Opens the port and builds the URL. This sends nothing.
///
/// # Errors
///
/// [`Error::Store`] if the key is to be stored and the store is not writable, otherwise as
/// [`platform::start`].
pub fn start(options: Options, http: HttpClient) -> Result<PendingApiKey, Error> {
    if let Some(store) = &options.save_to {
        store.check_writable()?;
        // Only a sign-in replaces an unreadable file.
        store.load()?;
    }
    let session = platform::start(options.session.clone(), http)?;
    Ok(PendingApiKey { options, session })
}

/// A key whose sign-in waits for the person. Dropping it closes the port.
#[derive(Debug)]
pub struct PendingApiKey {
    options: Options,
    session: PendingSession,
}

/// A new key and its project. The platform returns the key only once.
#[derive(Debug)]
#[non_exhaustive]
pub struct NewApiKey {
    /// The organization of the project.
    pub organization: Organization,
    /// The project of the key.
    pub project: Project,
    /// The name of the key on the platform.
    pub name: String,
    /// The key.
    pub key: ApiKey,
}

impl PendingApiKey {
    /// The URL, and how the person opens it and returns.
    pub fn authorization(&mut self) -> &mut Authorization {
        self.session.authorization()
    }

    /// Waits for the person, creates the key in the project of [`Options::choice`], passes it to `deliver`,
    /// and stores it in [`Options::save_to`]. The browser shows success after the delivery.
    ///
    /// Calls `choose` if [`Options::choice`] matches several projects. The browser does not wait for the
    /// selection: it shows a page that refers to the terminal.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed. After [`Error::NotDelivered`] and [`Error::NotStored`] the
    /// key exists on the platform.
    pub async fn finish(
        self,
        choose: Option<impl AsyncFnOnce(ProjectChoices) -> Result<Target, Error>>,
        events: Events<'_>,
        deliver: impl FnOnce(&NewApiKey) -> Result<(), DeliveryError>,
    ) -> Result<NewApiKey, Error> {
        let Self { options, session } = self;
        let (session, browser) = session.log_in(pages::KEY_FAILED, events).await?;
        let mut browser = Some(browser);
        let created = async {
            let target = find_target(&options, &session, &mut browser, choose, events).await?;
            create(&session, target, &options.name, events).await
        };
        let (outcome, page) = match created.await {
            Ok(new) => {
                // Both run, even if one fails: the platform returns the key only once.
                let delivered = deliver(&new);
                let page = delivered.is_ok().then(|| key_created(&new));
                let (new, stored) = store(options.save_to, new).await;
                (outcome(new, delivered, stored), page)
            }
            Err(error) => (Err(error), None),
        };
        match (browser, page) {
            (Some(browser), Some(page)) => browser.respond_ok(page).await,
            (Some(browser), None) => browser.respond_error(pages::KEY_FAILED).await,
            (None, _) => {}
        }
        outcome
    }
}

/// The project for the key. During a selection, the browser shows a page that refers to the terminal.
async fn find_target(
    options: &Options,
    session: &Session,
    browser: &mut Option<BrowserResponder>,
    choose: Option<impl AsyncFnOnce(ProjectChoices) -> Result<Target, Error>>,
    events: Events<'_>,
) -> Result<Target, Error> {
    let Options { choice, poll, .. } = options;
    // An id leaves nothing to select.
    let choose = choose.filter(|_| choice.project.is_none());
    let scope = if choose.is_some() { SearchScope::Everything } else { SearchScope::UntilDefault };
    let mut choices = poll_for_choices(session, choice, scope, *poll, events).await?;
    let Some(choose) = choose.filter(|_| choices.targets.len() > 1) else {
        return Ok(choices.targets.swap_remove(choices.default));
    };
    let page = async {
        if let Some(browser) = browser.take() {
            browser.respond_ok(pages::CHOOSE).await;
        }
    };
    join!(page, choose(choices)).1
}

async fn create(
    session: &Session,
    target: Target,
    name: &str,
    events: Events<'_>,
) -> Result<NewApiKey, Error> {
    let (Target { organization, project }, name) = (target, name.to_owned());
    events(Event::CreatingApiKey { name: &name });
    match session.create_api_key(&organization.id, &project.id, &name).await {
        Ok(key) => Ok(NewApiKey { organization, project, name, key }),
        Err(error) => Err(Error::KeyCreation { name, source: error.into() }),
    }
}

/// Stores the key if requested, and returns whether it is stored.
async fn store(
    store: Option<AuthStore>,
    new: NewApiKey,
) -> (NewApiKey, Result<bool, auth_store::Error>) {
    let Some(store) = store else { return (new, Ok(false)) };
    let store = store.with_lock_wait(LOCK_TIMEOUT);
    let save = move || {
        let stored = store.update(|document| document.set_api_key(&new.key));
        (new, stored.map(|()| true))
    };
    uninterrupted(save).await
}

fn outcome(
    new: NewApiKey,
    delivered: Result<(), DeliveryError>,
    stored: Result<bool, auth_store::Error>,
) -> Result<NewApiKey, Error> {
    if let Err(source) = delivered {
        let stored = stored.unwrap_or(false);
        return Err(Error::NotDelivered { name: new.name, stored, source });
    }
    match stored {
        Ok(_) => Ok(new),
        Err(source) => {
            Err(Error::NotStored { name: new.name, delivered: true, source: source.into() })
        }
    }
}

fn key_created(new: &NewApiKey) -> Zeroizing<String> {
    let organization = new.organization.title.as_deref().unwrap_or(new.organization.id.as_str());
    let project = new.project.title.as_deref().unwrap_or(new.project.id.as_str());
    pages::key_created(organization, project)
}
