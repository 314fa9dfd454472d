//! Create a project API key: [a session of the platform](crate::platform), the default project of the
//! preferred organization or the one that somebody chooses, a key.
//!
//! ```text
//! start ── the port is bound, the URL is ready
//!   └─ finish ── session ── organizations ── projects ── key
//! ```

use std::future::Ready;

use auth_store::{AuthStore, uninterrupted};
use credentials::ApiKey;
use http_client::{BaseUrl, HttpClient};
use native_oauth::Authorization;
use oauth_callback_server::{BrowserResponder, Page};
use platform_api::{Organization, Project, Session};
use token_source::LOCK_TIMEOUT;
use tokio::join;
use zeroize::Zeroizing;

use crate::error::{Error, Undecided, Undelivered};
use crate::event::{Event, Events};
use crate::pages::{self, KeyHome};
use crate::platform::{self, PendingSession};

use poll::wait_for_candidates;
use target::Breadth;

pub use poll::Patience;
pub use target::{Candidates, Choice, Target};

mod poll;
mod target;

/// What the creation of a key may be asked to do differently.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose session it is made in, and how that comes about.
    pub session: platform::Options,
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
            session: platform::Options::new(issuer, api_base),
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
/// [`Error::Store`] when the key is to be kept and could not be, else as
/// [`platform::start`].
pub fn start(options: Options, http: HttpClient) -> Result<PendingApiKey, Error> {
    if let Some(store) = &options.save_to {
        store.check_writable()?;
        // Only a sign-in may replace a file that cannot be read.
        store.load()?;
    }
    let session = platform::start(options.session.clone(), http)?;
    Ok(PendingApiKey { options, session })
}

/// A key that waits for its person. Dropping it gives the port back.
#[derive(Debug)]
pub struct PendingApiKey {
    options: Options,
    session: PendingSession,
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
    /// Where the person has to go, and how they come back.
    pub fn authorization(&mut self) -> &mut Authorization {
        self.session.authorization()
    }

    /// Waits for the person, makes the key where [`Options::choice`] says, hands it to `deliver`, and
    /// keeps it where [`Options::save_to`] says. The browser is told that it worked when the key was
    /// delivered.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed. After [`Error::Undelivered`] and [`Error::Unkept`] there is
    /// a key at the platform.
    pub async fn finish(
        self,
        events: Events<'_>,
        deliver: impl FnOnce(&NewApiKey) -> Result<(), Undelivered>,
    ) -> Result<NewApiKey, Error> {
        self.finish_choosing(None::<Nobody>, events, deliver).await
    }

    /// The same, with somebody to `choose` where [`Options::choice`] leaves several projects open, if
    /// there is somebody. The browser does not wait for that: it is told where the choice is.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish), and [`Error::Undecided`].
    pub async fn finish_choosing(
        self,
        choose: Option<impl AsyncFnOnce(Candidates) -> Result<Target, Undecided>>,
        events: Events<'_>,
        deliver: impl FnOnce(&NewApiKey) -> Result<(), Undelivered>,
    ) -> Result<NewApiKey, Error> {
        let Self { options, session } = self;
        let (session, browser) = session.log_in(pages::KEY_FAILED, events).await?;
        let mut browser = PendingReply(Some(browser));
        let created = async {
            let target = find_target(&options, &session, &mut browser, choose, events).await?;
            create(&session, target, &options.name, events).await
        };
        let new = match created.await {
            Ok(new) => new,
            Err(error) => {
                browser.respond_error().await;
                return Err(error);
            }
        };
        // Both are tried whatever becomes of the other, because the key is shown only once.
        let delivered = deliver(&new);
        let (new, kept) = keep(options.save_to, new).await;
        match &delivered {
            Ok(()) => browser.respond_ok(key_created(&new)).await,
            Err(_) => browser.respond_error().await,
        }
        handed_over(new, delivered, kept)
    }
}

/// Who is asked where nobody is.
type Nobody = fn(Candidates) -> Ready<Result<Target, Undecided>>;

/// The browser, as long as it waits to hear how it ended.
struct PendingReply(Option<BrowserResponder>);

impl PendingReply {
    async fn respond_ok(&mut self, page: impl Into<Page>) {
        if let Some(browser) = self.0.take() {
            browser.respond_ok(page).await;
        }
    }

    async fn respond_error(&mut self) {
        if let Some(browser) = self.0.take() {
            browser.respond_error(pages::KEY_FAILED).await;
        }
    }
}

/// Where the key is made.
async fn find_target(
    options: &Options,
    session: &Session,
    browser: &mut PendingReply,
    choose: Option<impl AsyncFnOnce(Candidates) -> Result<Target, Undecided>>,
    events: Events<'_>,
) -> Result<Target, Error> {
    let Options { choice, patience, .. } = options;
    // A project that was asked for by its id is the one.
    let choose = choose.filter(|_| choice.project.is_none());
    let breadth = if choose.is_some() { Breadth::Everything } else { Breadth::UntilDecided };
    let candidates = wait_for_candidates(session, choice, breadth, *patience, events).await?;
    match choose {
        Some(choose) if candidates.targets().len() > 1 => {
            let ((), target) = join!(browser.respond_ok(pages::CHOOSE), choose(candidates));
            Ok(target?)
        }
        _ => Ok(candidates.into_default()),
    }
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

/// Keeps the key where that was asked for, and says whether it is kept.
async fn keep(
    store: Option<AuthStore>,
    new: NewApiKey,
) -> (NewApiKey, Result<bool, auth_store::Error>) {
    let Some(store) = store else { return (new, Ok(false)) };
    let store = store.with_lock_wait(LOCK_TIMEOUT);
    let save = move || {
        let kept = store.update(|document| document.set_api_key(&new.key));
        (new, kept.map(|()| true))
    };
    uninterrupted(save).await
}

fn handed_over(
    new: NewApiKey,
    delivered: Result<(), Undelivered>,
    kept: Result<bool, auth_store::Error>,
) -> Result<NewApiKey, Error> {
    match (delivered, kept) {
        (Ok(()), Ok(_)) => Ok(new),
        (Ok(()), Err(source)) => {
            Err(Error::Unkept { name: new.name, handed_over: true, source: source.into() })
        }
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
