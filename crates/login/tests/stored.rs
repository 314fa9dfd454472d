//! A stored sign-in in one process, against the sandbox.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use auth_store::{AuthDocument, AuthStore, SignIn};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credentials::{AccessToken, IdToken, RefreshToken};
use http_client::{HttpClient, Options};
use jiff::Timestamp;
use login::stored::{LogOutScope, StoredSignIn};
use login::{Error, Event, RefreshEvent};
use sandbox::{Account, Endpoint, Fault, Sandbox, Scenario, Then};
use tempfile::TempDir;
use token_client::TokenClient;
use tokio::task::LocalSet;

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A sandbox, and a sign-in that is due.
struct TestStore {
    sandbox: Sandbox,
    store: AuthStore,
    home: TempDir,
    /// The stored access token.
    old: String,
}

impl TestStore {
    /// The access token expires in `seconds_left`.
    fn new(seconds_left: i64, faults: Vec<Fault>) -> Self {
        let scenario = Scenario { faults, now: Some(now().as_second()), ..Scenario::default() };
        let sandbox = Sandbox::start_in_thread(scenario).unwrap();
        let home = tempfile::tempdir().unwrap();
        let store = AuthStore::new(home.path().to_owned());
        let minted = sandbox.mint(Account::OWNER).unwrap();
        let old = jwt(now().as_second() + seconds_left);
        let sign_in = SignIn {
            id_token: IdToken::new(minted.id_token).unwrap(),
            access_token: AccessToken::new(old.clone()).unwrap(),
            refresh_token: RefreshToken::new(minted.refresh_token.unwrap()).unwrap(),
            account_id: None,
            api_key: None,
            last_refresh: "2026-11-12T12:00:00Z".parse().unwrap(),
        };
        store.update(|document| document.set_sign_in(&sign_in)).unwrap();
        Self { sandbox, store, home, old }
    }

    /// A sign-in with its own client.
    fn sign_in(&self, timeout: Duration) -> StoredSignIn {
        let http = HttpClient::new(Options { timeout, ..Options::new("test/1") });
        let issuer = self.sandbox.issuer_url().parse().unwrap();
        let client = TokenClient::new(
            http,
            login::openai::provider(issuer),
            login::openai::SIGN_IN_CLIENT_ID,
        );
        StoredSignIn::new(self.store.clone(), client, now)
    }

    /// Asserts that there was one refresh, and that all tasks and the store have its token.
    #[track_caller]
    fn assert_one_refresh(&self, tokens: &[String]) {
        assert_eq!(self.sandbox.requests_at(&Endpoint::Any).len(), 1);
        let new = self.sandbox.issued().access_tokens.pop().unwrap();
        assert!(tokens.iter().all(|token| *token == new), "some have another token");
        self.assert_stored(&new);
    }

    #[track_caller]
    fn assert_stored(&self, access_token: &str) {
        let document = self.store.load().unwrap().unwrap();
        assert!(access_token_of(&document) == access_token, "another token is stored");
    }
}

fn jwt(exp: i64) -> String {
    let base64url = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = base64url(&format!(r#"{{"exp":{exp}}}"#));
    format!("{}.{claims}.{}", base64url(r#"{"alg":"RS256"}"#), base64url("not a signature"))
}

fn access_token_of(document: &AuthDocument) -> String {
    document.access_token().unwrap().expose().to_owned()
}

const PATIENT: Duration = Duration::from_secs(30);

async fn token(sign_in: StoredSignIn) -> String {
    access_token_of(&sign_in.valid(&|_: Event<'_>| {}).await.unwrap())
}

/// Half of the tasks share a client.
// threats 115
#[tokio::test]
async fn one_of_two_hundred_tasks_refreshes() {
    let test = TestStore::new(-1, vec![]);
    let shared = test.sign_in(PATIENT);
    let tasks = LocalSet::new();
    let ask = |number: u32| match number % 2 {
        0 => tasks.spawn_local(token(shared.clone())),
        _ => tasks.spawn_local(token(test.sign_in(PATIENT))),
    };
    let asked: Vec<_> = (0..200).map(ask).collect();
    tasks.await;
    let mut tokens = Vec::new();
    for task in asked {
        tokens.push(task.await.unwrap());
    }
    test.assert_one_refresh(&tokens);
}

// threats 115
#[test]
fn one_of_two_hundred_threads_refreshes() {
    let test = TestStore::new(-1, vec![]);
    let ask = || {
        let sign_in = test.sign_in(PATIENT);
        thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(token(sign_in))
        })
    };
    let asked: Vec<_> = (0..200).map(|_| ask()).collect();
    let tokens: Vec<String> = asked.into_iter().map(|thread| thread.join().unwrap()).collect();
    test.assert_one_refresh(&tokens);
}

/// A timeout is transient.
// threats 113
#[tokio::test]
async fn unresponsive_issuer_leaves_the_store_unchanged() {
    const IMPATIENT: Duration = Duration::from_millis(200);
    let hang = || vec![Fault::new(Endpoint::TokenRefresh, Then::Hang)];
    let over = TestStore::new(-1, hang());
    let outcome = over.sign_in(IMPATIENT).valid(&|_| {}).await;
    assert!(matches!(outcome, Err(Error::Refresh(error)) if error.is_transient()));
    over.assert_stored(&over.old);

    let test = TestStore::new(60, hang());
    let postponed = Mutex::new(0);
    let events = |event: Event<'_>| {
        *postponed.lock().unwrap() += i32::from(matches!(event, Event::RefreshPostponed(_)));
    };
    let document = test.sign_in(IMPATIENT).valid(&events).await.unwrap();
    assert!(access_token_of(&document) == test.old && postponed.into_inner().unwrap() == 1);
    test.assert_stored(&test.old);
}

/// `Refreshed` follows `Refreshing`, even after an error.
#[tokio::test]
async fn refreshed_event_follows_every_refreshing_event() {
    const IMPATIENT: Duration = Duration::from_millis(200);
    let json = |status, body: &str| Then::text(status, "application/json", body);
    for then in [
        Then::Normal,
        json(200, r#"{"access_token":7}"#),
        json(500, r#"{"error":"server_error"}"#),
        json(429, "{}"),
        json(400, r#"{"error":{"code":"refresh_token_expired"}}"#),
        Then::text(200, "text/html", "<html>"),
        Then::Close,
        Then::Lose,
        Then::Hang,
    ] {
        for (seconds_left, removed) in [(-1, false), (60, false), (-1, true)] {
            let test = TestStore::new(
                seconds_left,
                vec![Fault::new(Endpoint::TokenRefresh, then.clone())],
            );
            let told = Mutex::new(Vec::new());
            let events = |event: Event<'_>| match event {
                Event::Refresh(RefreshEvent::Refreshing) => {
                    told.lock().unwrap().push("begun");
                    // Another program may sign out meanwhile, and then the new tokens are dropped.
                    drop(removed.then(|| fs::remove_file(test.home.path().join("auth.json"))));
                }
                Event::Refresh(RefreshEvent::Refreshed) => told.lock().unwrap().push("over"),
                _ => {}
            };
            let _ = test.sign_in(IMPATIENT).valid(&events).await;
            assert_eq!(
                told.into_inner().unwrap(),
                ["begun", "over"],
                "{then:?}, {seconds_left}, {removed}"
            );
        }
    }
}

/// Only that program knows how to refresh it.
// threats 211
#[tokio::test]
async fn unknown_auth_mode_is_not_refreshed() {
    for (seconds_left, works) in [(-1, false), (60, true), (3600, true)] {
        let test = TestStore::new(seconds_left, vec![]);
        let path = test.home.path().join("auth.json");
        let text = fs::read_to_string(&path).unwrap();
        let unknown = text.replace("\"chatgpt\"", "\"passkey\"");
        File::create(&path).unwrap().write_all(unknown.as_bytes()).unwrap();
        let outcome = test.sign_in(PATIENT).valid(&|_| {}).await;
        match outcome {
            Ok(document) => assert!(works && access_token_of(&document) == test.old),
            Err(Error::SignInExpired { other_mode, .. }) => {
                assert!(!works && other_mode.as_deref() == Some("passkey"));
            }
            Err(other) => panic!("{other}"),
        }
        let refreshed = test.sign_in(PATIENT).refresh(&|_| {}).await;
        assert!(match refreshed {
            Err(Error::SignInExpired { .. }) => !works,
            Err(Error::UnsupportedAuthMode { auth_mode }) => works && auth_mode == "passkey",
            _ => false,
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), unknown);
        assert_eq!(test.sandbox.connections(), 0);
    }
}

/// Another program that keeps the lock.
fn lock(home: &Path) -> File {
    let lock = File::create(home.join("auth.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// The wait has a timeout, and is reported once. A valid token is returned without a wait.
// threats 173 216
#[tokio::test(start_paused = true)]
async fn wait_for_the_lock_times_out() {
    for (seconds_left, works) in [(-1, false), (60, true)] {
        let test = TestStore::new(seconds_left, vec![]);
        let _lock = lock(test.home.path());
        let told = Mutex::new(0);
        let events = |event: Event<'_>| {
            *told.lock().unwrap() +=
                i32::from(matches!(event, Event::Refresh(RefreshEvent::WaitingForLock)));
        };
        let outcome = test.sign_in(PATIENT).valid(&events).await;
        match outcome {
            Ok(document) => assert!(works && access_token_of(&document) == test.old),
            Err(Error::StoreBusy { waited, holder, .. }) => {
                assert!(!works);
                let process = holder.map(|holder| holder.process);
                assert_eq!(process, cfg!(target_os = "linux").then(std::process::id));
                assert!((Duration::from_secs(45)..Duration::from_secs(46)).contains(&waited));
            }
            Err(other) => panic!("{other}"),
        }
        assert_eq!(told.into_inner().unwrap(), 1);
        assert_eq!(test.sandbox.connections(), 0);
    }
}

/// Another program may be writing, so nothing is removed.
// threats 122
#[tokio::test(start_paused = true)]
async fn logout_fails_while_the_store_is_locked() {
    let test = TestStore::new(-1, vec![]);
    let _lock = lock(test.home.path());
    let outcome = test.sign_in(PATIENT).log_out(LogOutScope::Everywhere, &|_| {}).await;
    assert!(matches!(outcome, Err(Error::StoreBusy { .. })));
    test.assert_stored(&test.old);
    assert_eq!(test.sandbox.connections(), 0);
}
