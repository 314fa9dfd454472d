//! The import of a credential, and its restrictions.

use credentials::{AccessToken, ApiKey};
use login::stored::{Imported, ImportedCredential, Restrictions};
use login::{Error, Event};
use sandbox::{Account, Client};

use crate::support::{Machine, TestResult, Told};

fn access_token(test: &Machine) -> TestResult<ImportedCredential> {
    let minted = test.sandbox.mint(Account::OWNER).ok_or("no such account")?;
    Ok(ImportedCredential::AccessToken(AccessToken::new(minted.access_token)?))
}

fn personal() -> TestResult<ImportedCredential> {
    Ok(ImportedCredential::PersonalAccessToken(AccessToken::new("at-personal")?))
}

async fn import(
    test: &Machine,
    credential: ImportedCredential,
    restrictions: &Restrictions,
) -> TestResult<Result<Imported, Error>> {
    Ok(test.stored()?.import(credential, restrictions, &|_| {}).await)
}

#[tokio::test]
async fn api_key_is_stored_whatever_the_restrictions() {
    let test = Machine::with(vec![]).await.unwrap();
    let restrictions =
        Restrictions { workspaces: vec!["acct-x".into()], client_id: Some("app_x".into()) };
    let api_key = ImportedCredential::ApiKey(ApiKey::new("sk-imported").unwrap());
    let told = Told::default();
    let events = |event: Event<'_>| told.add(&event);
    let sign_in = test.stored().unwrap();
    let imported = sign_in.import(api_key, &restrictions, &events).await.unwrap();
    assert!(imported.replaced.is_none() && imported.backup.is_none());
    assert_eq!(told.names(), ["Stored"]);
    assert_eq!(test.document().unwrap().api_key().unwrap().expose(), "sk-imported");
    assert_eq!(test.sandbox.connections(), 0);
}

#[tokio::test]
async fn access_token_is_stored_with_its_account() {
    let test = Machine::with(vec![]).await.unwrap();
    let (workspaces, client_id) = (vec!["acct-ada".into()], Some(Client::SIGN_IN.into()));
    for restrictions in [Restrictions::default(), Restrictions { workspaces, client_id }] {
        let token = access_token(&test).unwrap();
        import(&test, token, &restrictions).await.unwrap().unwrap();
        let document = test.document().unwrap();
        assert_eq!(document.account_id(), Some("acct-ada"));
        assert!(document.has_only_access_token());
    }
}

#[tokio::test]
async fn token_that_does_not_match_the_restrictions_is_not_stored() {
    let test = Machine::with(vec![]).await.unwrap();
    let workspace = Restrictions { workspaces: vec!["acct-x".into()], client_id: None };
    let client = Restrictions { workspaces: vec![], client_id: Some("app_x".into()) };

    let token = access_token(&test).unwrap();
    let error = import(&test, token, &workspace).await.unwrap().unwrap_err();
    let Error::WrongWorkspace { workspace: named, .. } = &error else { panic!("{error:?}") };
    assert_eq!(named.as_deref(), Some("acct-ada"));

    let token = access_token(&test).unwrap();
    let error = import(&test, token, &client).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::InvalidAccessToken(_)), "{error:?}");

    let error = import(&test, personal().unwrap(), &workspace).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::WrongWorkspace { workspace: None, .. }), "{error:?}");
    let message = "the workspace of this account is not known, and only acct-x is allowed";
    assert_eq!(error.to_string(), message);

    let opaque = ImportedCredential::AccessToken(AccessToken::new("opaque").unwrap());
    let error = import(&test, opaque, &Restrictions::default()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::MalformedJwt { token: "access token", .. }), "{error:?}");
    assert!(test.store.load().unwrap().is_none());
}

#[tokio::test]
async fn token_of_another_issuer_is_not_stored() {
    let (test, other) = (Machine::with(vec![]).await, Machine::with(vec![]).await);
    let (test, other) = (test.unwrap(), other.unwrap());
    let token = access_token(&other).unwrap();
    let error = import(&test, token, &Restrictions::default()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::InvalidAccessToken(_)), "{error:?}");
    assert!(test.store.load().unwrap().is_none());
}

#[tokio::test]
async fn personal_access_token_is_stored() {
    let test = Machine::with(vec![]).await.unwrap();
    let token = personal().unwrap();
    import(&test, token, &Restrictions::default()).await.unwrap().unwrap();
    let stored = test.document().unwrap().personal_access_token().unwrap();
    assert_eq!(stored.expose(), "at-personal");
}
