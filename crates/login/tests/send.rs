//! The futures of the public API can be spawned on a runtime of several threads.

use http_client::{HttpClient, Options};
use login::create_api_key::{self, ProjectChoices};
use login::platform::{self, by_stored_sign_in, organizations, projects};
use login::stored::{ImportedCredential, LogOutScope, Restrictions, StoredSignIn};
use login::{Error, Event, Events, openai, sign_in};
use platform_api::{PlatformApi, Session};
use token_client::TokenClient;

fn assert_send<T: Send>(_: T) {}

const EVENTS: Events<'static> = &|_: Event<'_>| {};

fn http() -> HttpClient {
    HttpClient::new(Options::new("test/1.0"))
}

/// Compiling is the test: nothing is sent.
#[test]
fn public_futures_are_send() {
    let _ = assert_futures_are_send;
}

fn assert_futures_are_send(
    sign_in: &StoredSignIn,
    session: &Session,
    platform: &PlatformApi,
) -> Result<(), Box<dyn std::error::Error>> {
    let issuer = || openai::ISSUER.parse();
    let options = sign_in::Options::default;
    assert_send(sign_in::start(options(), sign_in.clone())?.finish(EVENTS));
    assert_send(sign_in::by_device_code(options(), sign_in.clone(), EVENTS));

    let api_base = || openai::API_BASE.parse();
    let options = platform::Options::new(issuer()?, api_base()?);
    assert_send(platform::start(options, http())?.finish(EVENTS));
    assert_send(by_stored_sign_in(sign_in, platform, EVENTS));
    assert_send(organizations(session, std::time::Duration::ZERO));
    assert_send(projects(session, None, std::time::Duration::ZERO));

    let options = create_api_key::Options::new(issuer()?, api_base()?);
    let pending = create_api_key::start(options, http())?;
    let choose = async |_: ProjectChoices| Err(Error::NothingChosen);
    assert_send(pending.finish(Some(choose), EVENTS, |_| Ok(())));

    assert_send(sign_in.valid(EVENTS));
    assert_send(sign_in.refresh(EVENTS));
    assert_send(sign_in.log_out(LogOutScope::Everywhere, EVENTS));
    let api_key = ImportedCredential::ApiKey(credentials::ApiKey::new("sk-1")?);
    assert_send(sign_in.import(api_key, &Restrictions::default(), EVENTS));

    let client = TokenClient::new(http(), openai::provider(issuer()?), "client");
    let id_token = credentials::IdToken::new("a.b.c")?;
    assert_send(openai::exchange_for_api_key(&client, &id_token, "name"));
    Ok(())
}
