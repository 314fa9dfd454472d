//! What becomes of the sign-in that another one replaces.

use std::fs;

use auth_store::{AuthMode, AuthStore};
use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use login::stored::{
    ImportedCredential, OtherStore, ReplacedSignIn, Restrictions, Revocation, StoredSignIn,
};
use sandbox::{Account, Endpoint};

use crate::support::{Machine, TestResult, Told, now, options, write};

/// Imports an API key, which replaces what is stored.
async fn replace(sign_in: &StoredSignIn, api_key: &str) -> TestResult<Option<ReplacedSignIn>> {
    let api_key = ImportedCredential::ApiKey(ApiKey::new(api_key)?);
    Ok(sign_in.import(api_key, &Restrictions::default(), &|_| {}).await?.replaced)
}

#[tokio::test]
async fn sign_in_of_another_person_is_revoked() {
    let test = Machine::with(vec![]).await.unwrap();
    let told = Told::default();
    test.sign_in(options(), Account::OWNER, &told).await.unwrap().0.unwrap();
    let next = test.sign_in(options(), Account::MEMBER, &told).await.unwrap().0.unwrap();
    let replaced = next.replaced.unwrap();
    assert!(replaced.was_another_person);
    assert_eq!(replaced.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(replaced.email.as_deref(), Some(Account::OWNER));
    assert!(matches!(replaced.revocation, Revocation::Revoked), "{replaced:?}");
    assert_eq!(replaced.unrevoked, Some(AuthMode::ApiKey));
}

/// The issuer could end the new sign-in as well.
#[tokio::test]
async fn sign_in_of_the_same_person_is_not_revoked() {
    let test = Machine::with(vec![]).await.unwrap();
    let told = Told::default();
    test.sign_in(options(), Account::MEMBER, &told).await.unwrap().0.unwrap();
    let next = test.sign_in(options(), Account::MEMBER, &told).await.unwrap().0.unwrap();
    let replaced = next.replaced.unwrap();
    assert!(!replaced.was_another_person && replaced.unrevoked.is_none());
    let Revocation::Withheld(affected) = &replaced.revocation else { panic!("{replaced:?}") };
    assert!(affected.this && affected.others.is_empty());
    assert!(test.sandbox.requests_at(&Endpoint::Revoke).is_empty());
}

#[tokio::test]
async fn replaced_credential_that_stays_valid_is_named() {
    let test = Machine::with(vec![]).await.unwrap();
    let sign_in = test.stored().unwrap();
    assert!(replace(&sign_in, "sk-1").await.unwrap().is_none());
    assert!(replace(&sign_in, "sk-1").await.unwrap().is_none());
    let replaced = replace(&sign_in, "sk-2").await.unwrap().unwrap();
    assert_eq!(replaced.unrevoked, Some(AuthMode::ApiKey));
    assert!(matches!(replaced.revocation, Revocation::NothingToRevoke));

    let token = AccessToken::new("at-personal").unwrap();
    test.store.update(|document| document.set_personal_access_token_sign_in(&token)).unwrap();
    let replaced = replace(&sign_in, "sk-2").await.unwrap().unwrap();
    assert_eq!(replaced.unrevoked, Some(AuthMode::PersonalAccessToken));

    let token = test.sandbox.mint(Account::OWNER).unwrap().access_token;
    let token = AccessToken::new(token).unwrap();
    let import = |document: &mut auth_store::AuthDocument| {
        document.set_access_token_sign_in(&token, None, now());
    };
    test.store.update(import).unwrap();
    let replaced = replace(&sign_in, "sk-2").await.unwrap().unwrap();
    assert_eq!(replaced.unrevoked, Some(AuthMode::ChatGpt));

    let text = r#"{"auth_mode":"passkey","tokens":{"access_token":"a","refresh_token":"r"}}"#;
    write(&test.store, text).unwrap();
    let replaced = replace(&sign_in, "sk-2").await.unwrap().unwrap();
    assert_eq!(replaced.unrevoked, Some(AuthMode::Other("passkey".into())));
    assert_eq!(test.sandbox.connections(), 0);
}

/// The sign-in of the owner, and another store.
struct Pair {
    test: Machine,
    other: AuthStore,
    sign_in: StoredSignIn,
}

impl Pair {
    async fn new() -> TestResult<Self> {
        let test = Machine::with(vec![]).await?;
        test.store_sign_in(&test.store, Account::OWNER)?;
        let other = test.other_store("work");
        let store = other.clone();
        let find = move || vec![OtherStore { name: "work".into(), store: store.clone() }];
        let sign_in = test.stored()?.with_other_stores(find);
        Ok(Self { test, other, sign_in })
    }

    /// Replaces the sign-in, and returns whether its revocation is withheld for the other store.
    async fn withholds(self) -> TestResult<bool> {
        let replaced = replace(&self.sign_in, "sk-1").await?.ok_or("nothing was replaced")?;
        let sent = self.test.sandbox.requests_at(&Endpoint::Revoke).len();
        match replaced.revocation {
            Revocation::Revoked if sent == 1 => Ok(false),
            Revocation::Withheld(affected) if sent == 0 => {
                assert!(!affected.this);
                assert_eq!(affected.others, ["work"]);
                Ok(true)
            }
            other => Err(format!("{other:?}, {sent} requests").into()),
        }
    }
}

#[tokio::test]
async fn revocation_withholds_only_for_stores_of_the_same_person() {
    let nothing = Pair::new().await.unwrap();
    assert!(!nothing.withholds().await.unwrap());

    let same = Pair::new().await.unwrap();
    same.test.store_sign_in(&same.other, Account::OWNER).unwrap();
    assert!(same.withholds().await.unwrap());

    let another = Pair::new().await.unwrap();
    another.test.store_sign_in(&another.other, Account::MEMBER).unwrap();
    assert!(!another.withholds().await.unwrap());

    let only_a_key = Pair::new().await.unwrap();
    only_a_key.test.store_api_key(&only_a_key.other).unwrap();
    assert!(!only_a_key.withholds().await.unwrap());
}

/// The ID token names another person, and the refresh token is the same.
#[tokio::test]
async fn revocation_withholds_for_a_copy_of_the_refresh_token() {
    let copy = Pair::new().await.unwrap();
    let minted = copy.test.sandbox.mint(Account::MEMBER).unwrap();
    let ours = copy.test.document().unwrap().refresh_token().unwrap();
    let sign_in = auth_store::SignIn {
        id_token: IdToken::new(minted.id_token).unwrap(),
        access_token: AccessToken::new(minted.access_token).unwrap(),
        refresh_token: RefreshToken::new(ours.expose()).unwrap(),
        account_id: None,
        api_key: None,
        last_refresh: now(),
    };
    copy.other.update(|document| document.set_sign_in(&sign_in)).unwrap();
    assert!(copy.withholds().await.unwrap());
}

/// A store that cannot be read may be of the same person; a folder has no sign-in.
#[tokio::test]
async fn revocation_withholds_for_an_unreadable_store() {
    let unreadable = Pair::new().await.unwrap();
    write(&unreadable.other, "{").unwrap();
    assert!(unreadable.withholds().await.unwrap());

    let not_a_file = Pair::new().await.unwrap();
    fs::create_dir_all(not_a_file.test.home.path().join("work/auth.json")).unwrap();
    assert!(!not_a_file.withholds().await.unwrap());
}
