//! A sign-in that fails after the code was sent: nothing is stored, and the tokens are revoked.

use login::openai::MissingClaim;
use login::sign_in::{ApiKeyMode, Options};
use login::stored::StoredSignIn;
use login::{Error, OAuthError};
use sandbox::{Account, Client, Endpoint, Fault, Policy, Scenario, Then, Workspaces};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{Machine, TestResult, Told, last_page, now, options};

/// Asserts that nothing is stored, and that the refresh token was revoked by `client_id`.
fn assert_revoked(test: &Machine, client_id: &str) -> TestResult {
    assert!(test.store.load()?.is_none());
    let [request] = &test.sandbox.requests_at(&Endpoint::Revoke)[..] else {
        return Err("the tokens were not revoked once".into());
    };
    let token = &test.sandbox.issued().refresh_tokens[0];
    let expected =
        json!({"token": token, "token_type_hint": "refresh_token", "client_id": client_id});
    assert!(request.json() == Some(expected), "another token was revoked");
    Ok(())
}

async fn failed(test: &Machine, options: Options, account: &str) -> TestResult<Error> {
    let (signed_in, trail) = test.sign_in(options, account, &Told::default()).await?;
    assert_eq!(last_page(&trail), login::pages::SIGN_IN_FAILED);
    Ok(signed_in.err().ok_or("it succeeded")?)
}

#[tokio::test]
async fn tokens_without_a_required_key_are_revoked() {
    let required = || Options { api_key: ApiKeyMode::Required, ..options() };
    let test = Machine::with(vec![]).await.unwrap();
    let error = failed(&test, required(), Account::MEMBER).await.unwrap();
    assert!(matches!(error, Error::AccountNotSetUp(MissingClaim::Organization)), "{error:?}");
    assert_revoked(&test, Client::SIGN_IN).unwrap();

    let refused = Then::json(400, json!({"error": "invalid_request"}));
    let test = Machine::with(vec![Fault::new(Endpoint::TokenExchange, refused)]).await.unwrap();
    let error = failed(&test, required(), Account::OWNER).await.unwrap();
    assert!(matches!(error, Error::KeyExchange { .. }), "{error:?}");
    assert_revoked(&test, Client::SIGN_IN).unwrap();
}

/// The issuer ignores the parameter of the request.
#[tokio::test]
async fn tokens_of_another_workspace_are_revoked() {
    let policy = Policy { workspaces: Workspaces::Ignored, ..Policy::default() };
    let scenario = || Scenario { policy, ..Scenario::default() };
    let only = |workspaces: &[&str]| Options {
        workspaces: workspaces.iter().map(|&it| it.to_owned()).collect(),
        ..options()
    };
    let test = Machine::new(scenario()).await.unwrap();
    let error = failed(&test, only(&["acct-x", "acct-y"]), Account::OWNER).await.unwrap();
    let Error::WrongWorkspace { workspace, allowed } = &error else { panic!("{error:?}") };
    assert_eq!(workspace.as_deref(), Some("acct-ada"));
    assert_eq!(allowed[..], ["acct-x", "acct-y"]);
    assert_revoked(&test, Client::SIGN_IN).unwrap();

    let test = Machine::new(scenario()).await.unwrap();
    let options = only(&["acct-x", "acct-ada"]);
    let (signed_in, _) = test.sign_in(options, Account::OWNER, &Told::default()).await.unwrap();
    assert_eq!(signed_in.unwrap().plan.as_deref(), Some("plus"));
}

#[tokio::test]
async fn tokens_of_a_cancelled_sign_in_are_revoked() {
    let cancellation = CancellationToken::new();
    cancellation.cancel();
    let test = Machine::with(vec![]).await.unwrap();
    let options = Options { cancellation, ..options() };
    let error = failed(&test, options, Account::OWNER).await.unwrap();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
    assert_revoked(&test, Client::SIGN_IN).unwrap();
}

#[tokio::test]
async fn tokens_of_another_client_are_revoked_by_that_client() {
    let clients = vec![Client { id: "app_other".into(), name: "Other".into() }];
    let test = Machine::new(Scenario { clients, ..Scenario::default() }).await.unwrap();
    let client = test.client().unwrap().with_client_id("app_other");
    let sign_in = StoredSignIn::new(test.store.clone(), client, now);
    let options = Options { api_key: ApiKeyMode::Required, ..options() };
    let told = Told::default();
    let visit = test.sign_in_with(sign_in, options, Account::MEMBER, &told).await;
    visit.unwrap().0.unwrap_err();
    assert_revoked(&test, "app_other").unwrap();
}

/// Tokens of a person who is signed in here are not revoked: that could end the stored sign-in.
#[tokio::test]
async fn revocation_is_withheld_if_the_person_is_signed_in() {
    let test = Machine::with(vec![]).await.unwrap();
    for (stored, withheld) in [(Account::MEMBER, true), (Account::OWNER, false)] {
        test.store_sign_in(&test.store, stored).unwrap();
        let options = Options { api_key: ApiKeyMode::Required, ..options() };
        let told = Told::default();
        test.sign_in(options, Account::MEMBER, &told).await.unwrap().0.unwrap_err();
        assert_eq!(told.names().contains(&"RevocationWithheld".to_owned()), withheld, "{stored}");
        let revoked = test.sandbox.requests_at(&Endpoint::Revoke).len();
        assert_eq!(revoked, usize::from(!withheld), "{stored}");
    }
}

/// The issuer may have issued tokens that nobody knows.
#[tokio::test]
async fn lost_tokens_are_reported_unless_the_response_is_an_error() {
    let without_refresh_token = Then::Merge(json!({"refresh_token": null}));
    let without_id_token = Then::Merge(json!({"id_token": null}));
    for (then, lost) in [
        (without_refresh_token, true),
        (without_id_token, true),
        (Then::Lose, true),
        (Then::json(400, json!({"error": "invalid_grant"})), false),
        (Then::json(500, json!({"error": "server_error"})), false),
    ] {
        let fault = Fault::new(Endpoint::TokenCode, then.clone());
        let test = Machine::with(vec![fault]).await.unwrap();
        let told = Told::default();
        let (signed_in, _) = test.sign_in(options(), Account::OWNER, &told).await.unwrap();
        assert!(matches!(signed_in, Err(Error::OAuth(OAuthError::CodeExchange(_)))), "{then:?}");
        assert_eq!(told.names().contains(&"TokensLost".to_owned()), lost, "{then:?}");
        assert!(test.store.load().unwrap().is_none());
    }
}
