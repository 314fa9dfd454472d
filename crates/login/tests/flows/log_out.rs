//! A logout revokes what it may revoke, and removes the sign-in.

use credentials::AccessToken;
use login::stored::{LogOutScope, LoggedOut, OtherStore, Revocation, StoredSignIn};
use login::{Error, Event, RevocationError, openai};
use sandbox::{Account, Client, Endpoint, Fault, Then};
use serde_json::json;
use token_client::TokenClient;

use crate::support::{Machine, TestResult, Told, http, jwt, now, write};

const SCOPES: [LogOutScope; 2] = [LogOutScope::Everywhere, LogOutScope::ThisMachine];

async fn log_out(test: &Machine, scope: LogOutScope) -> TestResult<LoggedOut> {
    Ok(test.stored()?.log_out(scope, &|_| {}).await?)
}

#[tokio::test]
async fn logout_everywhere_revokes_the_refresh_token_and_removes_the_sign_in() {
    let test = Machine::with(vec![]).await.unwrap();
    let stored = test.store_sign_in(&test.store, Account::OWNER).unwrap();
    let told = Told::default();
    let events = |event: Event<'_>| told.add(&event);
    let sign_in = test.stored().unwrap();
    let logged_out = sign_in.log_out(LogOutScope::Everywhere, &events).await.unwrap();
    assert!(logged_out.was_there && !logged_out.had_api_key);
    assert!(!logged_out.had_personal_access_token && logged_out.may_have_ended.is_empty());
    assert!(matches!(logged_out.revocation, Revocation::Revoked), "{logged_out:?}");
    assert_eq!(told.names(), ["Revoked", "Removed"]);
    let request = test.sandbox.requests_at(&Endpoint::Revoke).pop().unwrap();
    let expected = json!({
        "token": stored.refresh_token.expose(),
        "token_type_hint": "refresh_token",
        "client_id": Client::SIGN_IN,
    });
    assert!(request.json() == Some(expected), "another request was sent");
    assert!(test.store.load().unwrap().is_none());
}

#[tokio::test]
async fn logout_of_this_machine_sends_nothing() {
    let test = Machine::with(vec![]).await.unwrap();
    test.store_sign_in(&test.store, Account::OWNER).unwrap();
    test.store_api_key(&test.store).unwrap();
    let logged_out = log_out(&test, LogOutScope::ThisMachine).await.unwrap();
    assert!(logged_out.was_there && logged_out.had_api_key);
    assert!(matches!(logged_out.revocation, Revocation::NotRequested), "{logged_out:?}");
    assert!(test.store.load().unwrap().is_none());
    assert_eq!(test.sandbox.connections(), 0);
}

#[tokio::test]
async fn logout_without_tokens_has_nothing_to_revoke() {
    for scope in SCOPES {
        let test = Machine::with(vec![]).await.unwrap();
        let logged_out = log_out(&test, scope).await.unwrap();
        assert!(!logged_out.was_there);
        assert!(!test.home.path().join("codex").exists());

        test.store_api_key(&test.store).unwrap();
        let logged_out = log_out(&test, scope).await.unwrap();
        assert!(logged_out.was_there && logged_out.had_api_key);
        assert!(matches!(logged_out.revocation, Revocation::NothingToRevoke), "{logged_out:?}");
        assert!(test.store.load().unwrap().is_none());
        assert_eq!(test.sandbox.connections(), 0);
    }
}

#[tokio::test]
async fn logout_says_that_a_personal_access_token_stays_valid() {
    let test = Machine::with(vec![]).await.unwrap();
    let token = AccessToken::new("at-personal").unwrap();
    test.store.update(|document| document.set_personal_access_token_sign_in(&token)).unwrap();
    let logged_out = log_out(&test, LogOutScope::Everywhere).await.unwrap();
    assert!(logged_out.had_personal_access_token && !logged_out.had_api_key);
    assert_eq!(test.sandbox.connections(), 0);
}

// threats 179
#[tokio::test]
async fn unreadable_document_is_removed_and_its_tokens_may_be_valid() {
    for scope in SCOPES {
        let test = Machine::with(vec![]).await.unwrap();
        write(&test.store, "{").unwrap();
        let logged_out = log_out(&test, scope).await.unwrap();
        assert!(logged_out.was_there);
        match scope {
            LogOutScope::Everywhere => assert!(matches!(
                logged_out.revocation,
                Revocation::Failed(RevocationError::Unreadable(_))
            )),
            LogOutScope::ThisMachine => {
                assert!(matches!(logged_out.revocation, Revocation::NotRequested));
            }
        }
        assert!(test.store.load().unwrap().is_none());
    }
}

/// The revocation would end the sign-in from which the token was copied.
#[tokio::test]
async fn imported_access_token_is_not_revoked() {
    let second = now().as_second();
    for (claims, expected) in [
        (format!(r#"{{"exp":{}}}"#, second + 60), "Imported { expires_at: Some("),
        ("{}".to_owned(), "Imported { expires_at: None }"),
        (format!(r#"{{"exp":{second}}}"#), "NothingToRevoke"),
        (format!(r#"{{"exp":{}}}"#, second - 60), "NothingToRevoke"),
    ] {
        let test = Machine::with(vec![]).await.unwrap();
        let token = AccessToken::new(jwt(&claims)).unwrap();
        let import = |document: &mut auth_store::AuthDocument| {
            document.set_access_token_sign_in(&token, None, now());
        };
        test.store.update(import).unwrap();
        let logged_out = log_out(&test, LogOutScope::Everywhere).await.unwrap();
        let revocation = format!("{:?}", logged_out.revocation);
        assert!(revocation.starts_with(expected), "{claims}: {revocation}");
        assert!(logged_out.was_there && test.store.load().unwrap().is_none());
        assert_eq!(test.sandbox.connections(), 0);
    }
}

#[tokio::test]
async fn sign_in_of_another_program_is_reported_and_not_revoked() {
    for (tokens, expected) in [
        (format!(r#"{{"access_token":"{}","refresh_token":"r"}}"#, jwt("{}")), "Imported"),
        ("null".to_owned(), "NothingToRevoke"),
    ] {
        let test = Machine::with(vec![]).await.unwrap();
        let text = format!(r#"{{"auth_mode":"passkey","tokens":{tokens}}}"#);
        write(&test.store, &text).unwrap();
        let told = Told::default();
        let events = |event: Event<'_>| told.add(&event);
        let sign_in = test.stored().unwrap();
        let logged_out = sign_in.log_out(LogOutScope::Everywhere, &events).await.unwrap();
        assert_eq!(told.names(), ["OtherProgramsSignIn", "Removed"]);
        let revocation = format!("{:?}", logged_out.revocation);
        assert!(revocation.starts_with(expected), "{tokens}: {revocation}");
        assert_eq!(test.sandbox.connections(), 0);
    }
}

/// An issuer may end all sign-ins of the person.
#[tokio::test]
async fn logout_names_the_other_stores_of_the_person() {
    let refused = || Then::json(400, json!({"error": "invalid_request"}));
    for fault in [None, Some(refused())] {
        let faults = fault.into_iter().map(|then| Fault::new(Endpoint::Revoke, then)).collect();
        let test = Machine::with(faults).await.unwrap();
        test.store_sign_in(&test.store, Account::OWNER).unwrap();
        let others = ["hers", "another", "empty"];
        let others = others.map(|name| (name.to_owned(), test.other_store(name)));
        test.store_sign_in(&others[0].1, Account::OWNER).unwrap();
        test.store_sign_in(&others[1].1, Account::MEMBER).unwrap();
        let find = move || {
            let others = others.iter().cloned();
            others.map(|(name, store)| OtherStore { name, store }).collect()
        };
        let sign_in = test.stored().unwrap().with_other_stores(find);
        let logged_out = sign_in.log_out(LogOutScope::Everywhere, &|_| {}).await.unwrap();
        assert_eq!(logged_out.may_have_ended, ["hers"]);
    }
}

/// Tokens are sent only to their issuer.
#[tokio::test]
async fn logout_at_another_issuer_or_client_changes_nothing() {
    let test = Machine::with(vec![]).await.unwrap();
    let stored = test.store_sign_in(&test.store, Account::OWNER).unwrap();
    let asked = "https://issuer.example";
    let provider = openai::provider(asked.parse().unwrap());
    let client = TokenClient::new(http(), provider, Client::SIGN_IN);
    let other_issuer = StoredSignIn::new(test.store.clone(), client, now);
    let error = other_issuer.log_out(LogOutScope::Everywhere, &|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::OtherIssuer { asked: it, .. } if it == asked));

    let client = test.client().unwrap().with_client_id("app_other");
    let other_client = StoredSignIn::new(test.store.clone(), client, now);
    let required = other_client.clone().require_client();
    let error = required.log_out(LogOutScope::Everywhere, &|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::OtherClient { .. }), "{error:?}");
    assert_eq!(test.sandbox.connections(), 0);
    let same = test.document().unwrap().refresh_token().unwrap();
    assert_eq!(same.expose(), stored.refresh_token.expose());

    let same_client = test.stored().unwrap().require_client();
    same_client.log_out(LogOutScope::Everywhere, &|_| {}).await.unwrap();
    test.store_sign_in(&test.store, Account::OWNER).unwrap();
    let logged_out = other_client.log_out(LogOutScope::Everywhere, &|_| {}).await.unwrap();
    assert!(matches!(logged_out.revocation, Revocation::Revoked), "{logged_out:?}");
}
