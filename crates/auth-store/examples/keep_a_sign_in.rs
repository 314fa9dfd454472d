//! Stores a sign-in, and reads it back.

use auth_store::{AuthMode, AuthStore, SignIn};
use credentials::{AccessToken, IdToken, RefreshToken};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = AuthStore::new(folder.path().join("codex"));
    store.check_writable()?;
    assert!(store.load()?.is_none());

    let sign_in = SignIn {
        id_token: IdToken::new("header.payload.signature")?,
        access_token: AccessToken::new("an-access-token")?,
        refresh_token: RefreshToken::new("a-refresh-token")?,
        account_id: Some("acc-1".to_owned()),
        api_key: None,
        last_refresh: "2026-11-21T18:48:46.859879Z".parse()?,
    };
    store.update(|document| document.set_sign_in(&sign_in))?;

    let document = store.load()?.ok_or("nothing is stored")?;
    assert!(document.is_signed_in());
    assert_eq!(document.auth_mode(), Some(AuthMode::ChatGpt));
    assert_eq!(document.account_id(), Some("acc-1"));
    assert_eq!(format!("{document:?}"), "AuthDocument([redacted])");
    Ok(())
}
