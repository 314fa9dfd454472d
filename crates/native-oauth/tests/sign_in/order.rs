//! What a sign-in does before the person is asked, and what a failure costs.

use std::time::Duration;

use native_oauth::{BrowserError, Error, ErrorKind, Event, InvalidIdToken, Url};
use serde_json::json;

use crate::provider::TestProvider;
use crate::sign_in;

/// Nothing listens at `jwks_uri`. A code that was issued would be spent for nothing.
// threats 97
#[tokio::test]
async fn unreachable_jwks_uri_ends_the_sign_in_before_the_person_is_asked() {
    let metadata = json!({"jwks_uri": "http://127.0.0.1:1/keys"});
    let provider = TestProvider::with(|it| it.metadata = metadata).await;
    let sign_in = || async { sign_in(&provider).await.scopes(["openid"]).require_signature() };
    let is_keys = |error| matches!(error, Error::InvalidIdToken(InvalidIdToken::Keys { .. }));
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
        let sign_in = sign_in(&provider).await.scopes(["openid"]).require_signature();
        let outcome = sign_in.run(|url| {
            crate::final_page(&crate::redirect_of(url));
            Ok(())
        });
        assert_eq!(outcome.await.is_ok(), is_valid, "{kid}");
        assert_eq!(provider.requests_at("/connect/keys").len(), expected_reads, "{kid}");
    }
}

/// Over SSH there is no browser, and nothing else shows the URL.
// threats 184
#[tokio::test]
async fn run_ends_if_no_browser_is_opened() {
    let provider = TestProvider::start().await;
    let failed = |_: &Url| Err(BrowserError::NoBrowser(std::io::Error::other("no display")));
    let error = sign_in(&provider).await.run(failed).await.unwrap_err();
    assert!(matches!(error, Error::BrowserNotOpened(_)), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::System);
    let error = sign_in(&provider).await.run(|_| panic!("an opener that panics")).await;
    assert!(matches!(error, Err(Error::BrowserNotOpened(_))));
}

/// The lifetime of a pushed request is often a minute (RFC 9126 §2.2).
#[tokio::test]
async fn expired_pushed_request_can_be_pushed_again() {
    let provider = TestProvider::start().await;
    let mut pending = sign_in(&provider).await.push_request().start().unwrap();
    for seconds in [0, 60] {
        provider.change(|it| it.pushed_lifetime = json!(seconds));
        let lifetime = pending.push_request().await.unwrap();
        assert_eq!(lifetime, Some(Duration::from_secs(seconds)));
        assert_eq!(provider.requests_at("/connect/par").len(), 1);
    }
    let lifetime = pending.push_request().await.unwrap();
    assert!(lifetime.is_some_and(|it| it <= Duration::from_secs(60)));
    assert_eq!(provider.requests_at("/connect/par").len(), 0);
    pending.authorization().open_browser_with(crate::follow);
    pending.finish(&|_: Event<'_>| {}).await.unwrap();
}

/// Nothing would prove the time of the sign-in.
#[tokio::test]
async fn max_age_without_the_openid_scope_is_refused_before_the_person_is_asked() {
    let provider = TestProvider::start().await;
    let sign_in = sign_in(&provider).await.scopes(["email"]).max_age(Duration::from_secs(60));
    for error in [
        sign_in.clone().start().unwrap_err(),
        sign_in.clone().run(|_| panic!("nothing to open")).await.unwrap_err(),
        sign_in.run_by_device_code(&|_: Event<'_>| {}).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::MissingOpenidScope), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    assert_eq!(provider.paths(), ["/.well-known/openid-configuration"]);
}

/// OpenID Connect Core §3.1.3.7, rule 13.
#[tokio::test]
async fn max_age_requires_a_recent_authentication() {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (auth_time, is_valid) in
        [(json!(now), true), (json!(now - 3600), false), (json!(null), false)]
    {
        let provider = TestProvider::with(|it| it.claims = json!({"auth_time": auth_time})).await;
        let sign_in = sign_in(&provider).await.scopes(["openid"]).max_age(Duration::from_secs(60));
        let outcome = sign_in.run(|url| {
            crate::final_page(&crate::redirect_of(url));
            Ok(())
        });
        assert_eq!(outcome.await.is_ok(), is_valid, "{auth_time}");
        let query = provider.authorization_query();
        assert_eq!(crate::value(&query, "max_age"), Some("60"));
    }
}
