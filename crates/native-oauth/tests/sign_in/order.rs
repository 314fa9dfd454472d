//! What a sign-in does before the person is asked, and what a failure costs.

use native_oauth::{Error, Event, InvalidIdToken};
use serde_json::json;

use crate::provider::TestProvider;
use crate::sign_in;

/// The port of the keys is closed. A code that was issued would be spent for nothing.
// threats 97
#[tokio::test]
async fn unreachable_keys_end_the_sign_in_before_the_person_is_asked() {
    let metadata = json!({"jwks_uri": "http://127.0.0.1:1/keys"});
    let provider = TestProvider::with(|it| it.metadata = metadata).await;
    let sign_in = || async { sign_in(&provider).await.scopes(["openid"]).verify_signature() };
    let is_keys = |error| matches!(error, Error::InvalidIdToken(InvalidIdToken::Keys(_)));
    let outcome = sign_in().await.run(|_| panic!("nothing to open")).await;
    assert!(is_keys(outcome.unwrap_err()));
    let outcome = sign_in().await.run_by_device_code(&|_: Event<'_>| {}).await;
    assert!(is_keys(outcome.unwrap_err()));
    let mut pending = sign_in().await.start().unwrap();
    pending.authorization().open_browser_with(|_| Ok(()));
    assert!(is_keys(pending.finish(&|_: Event<'_>| {}).await.unwrap_err()));
    assert_eq!(provider.requests_at("/connect/device").len(), 0);
    assert_eq!(provider.exchanges(), 0);
}

#[tokio::test]
async fn keys_are_read_once_and_again_for_an_unknown_kid() {
    for (kid, expected_reads, is_valid) in [("key-0", 1, true), ("key-7", 2, false)] {
        let provider = TestProvider::with(|it| it.header["kid"] = kid.into()).await;
        let sign_in = sign_in(&provider).await.scopes(["openid"]).verify_signature();
        let outcome = sign_in.run(|url| {
            crate::final_page(&crate::redirect_of(url));
            Ok(())
        });
        assert_eq!(outcome.await.is_ok(), is_valid, "{kid}");
        assert_eq!(provider.requests_at("/connect/keys").len(), expected_reads, "{kid}");
    }
}
