//! A sandbox, and a machine on which somebody signs in.

use std::error::Error as StdError;
use std::fs::{self, File};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auth_store::{AuthDocument, AuthStore, Location, SignIn};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use http_client::{HttpClient, Options};
use jiff::Timestamp;
use login::sign_in::{self, SignedIn};
use login::stored::StoredSignIn;
use login::{BindOptions, Error, Event, RedirectHost, openai};
use platform_api::PlatformApi;
use sandbox::{Fault, Sandbox, Scenario, Trail};
use tempfile::TempDir;
use token_client::TokenClient;
use tokio::join;

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn StdError + Send + Sync>>;

/// 2026-11-21T12:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

pub(crate) fn now() -> Timestamp {
    NOW
}

pub(crate) fn http() -> HttpClient {
    HttpClient::new(Options::new("a-test/1.0"))
}

/// Any free port.
pub(crate) fn redirect() -> BindOptions {
    BindOptions::new(openai::REDIRECT_PATH).redirect_host(RedirectHost::Localhost)
}

/// How long a sign-in waits for the person.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) fn options() -> sign_in::Options {
    sign_in::Options { redirect: redirect(), timeout: TIMEOUT, ..sign_in::Options::default() }
}

pub(crate) struct Machine {
    pub(crate) sandbox: Sandbox,
    pub(crate) store: AuthStore,
    pub(crate) home: TempDir,
}

impl Machine {
    pub(crate) async fn new(scenario: Scenario) -> TestResult<Self> {
        let now = Some(NOW.as_second());
        let sandbox = Sandbox::start(Scenario { now, ..scenario }).await?;
        let home = tempfile::tempdir()?;
        Ok(Self { sandbox, store: AuthStore::new(home.path().join("codex")), home })
    }

    pub(crate) async fn with(faults: Vec<Fault>) -> TestResult<Self> {
        Self::new(Scenario { faults, ..Scenario::default() }).await
    }

    pub(crate) fn client(&self) -> TestResult<TokenClient> {
        let provider = openai::provider(self.sandbox.issuer_url().parse()?);
        Ok(TokenClient::new(http(), provider, openai::SIGN_IN_CLIENT_ID))
    }

    pub(crate) fn stored(&self) -> TestResult<StoredSignIn> {
        Ok(StoredSignIn::new(self.store.clone(), self.client()?, now))
    }

    pub(crate) fn platform(&self) -> TestResult<PlatformApi> {
        Ok(PlatformApi::new(http(), self.sandbox.api_url().parse()?))
    }

    /// A store beside this one.
    pub(crate) fn other_store(&self, name: &str) -> AuthStore {
        AuthStore::new(self.home.path().join(name))
    }

    /// Stores a sign-in of this account, without a request.
    pub(crate) fn store_sign_in(&self, store: &AuthStore, account: &str) -> TestResult<SignIn> {
        let minted = self.sandbox.mint(account).ok_or("no such account")?;
        let sign_in = SignIn {
            id_token: IdToken::new(minted.id_token)?,
            access_token: AccessToken::new(minted.access_token)?,
            refresh_token: RefreshToken::new(minted.refresh_token.ok_or("no refresh token")?)?,
            account_id: None,
            api_key: None,
            last_refresh: NOW,
        };
        store.update(|document| document.set_sign_in(&sign_in))?;
        Ok(sign_in)
    }

    pub(crate) fn store_api_key(&self, store: &AuthStore) -> TestResult {
        let api_key = ApiKey::new("sk-stored")?;
        Ok(store.update(|document| document.set_api_key(&api_key))?)
    }

    pub(crate) fn document(&self) -> TestResult<AuthDocument> {
        Ok(self.store.load()?.ok_or("nothing is stored")?)
    }

    /// The person signs in with this account.
    pub(crate) async fn sign_in(
        &self,
        options: sign_in::Options,
        account: &str,
        told: &Told,
    ) -> TestResult<(Result<SignedIn, Error>, Trail)> {
        self.sign_in_with(self.stored()?, options, account, told).await
    }

    pub(crate) async fn sign_in_with(
        &self,
        sign_in: StoredSignIn,
        options: sign_in::Options,
        account: &str,
        told: &Told,
    ) -> TestResult<(Result<SignedIn, Error>, Trail)> {
        let mut pending = sign_in::start(options, sign_in)?;
        let url = pending.authorization().url().to_string();
        let person = self.sandbox.person(account);
        let events = |event: Event<'_>| told.add(&event);
        let (trail, outcome) = join!(person.visit(&url), pending.finish(&events));
        Ok((outcome, trail?))
    }
}

/// The names of events, without those of the wait for the person.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

impl Told {
    pub(crate) fn add(&self, event: &Event<'_>) {
        if !matches!(event, Event::OAuth(_)) {
            let event = format!("{event:?}");
            let name = event.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A token with these claims.
pub(crate) fn jwt(claims: &str) -> String {
    let base64url = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", base64url(r#"{"alg":"RS256"}"#), base64url(claims), base64url("none"))
}

/// The last page that the browser shows.
pub(crate) fn last_page(trail: &Trail) -> String {
    trail.last().map(sandbox::Step::text).unwrap_or_default()
}

/// Writes what another program has stored.
pub(crate) fn write(store: &AuthStore, text: &str) -> TestResult {
    let Location::File(path) = store.location() else { return Err("not a file".into()) };
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(File::create(path)?.write_all(text.as_bytes())?)
}
