//! What a caller learns from an error.

use auth_store::Error as StoreError;
use http_client::{DecodeError, ErrorResponse, Phase, RequestFailure};
use login::{Error, OAuthError, SearchSummary};
use platform_api::{Call, Error as PlatformError};
use std::time::Duration;
use token_client::Error as TokenError;

fn refused(status: u16) -> TokenError {
    TokenError::ErrorResponse(ErrorResponse::from_body(status, b"{}"))
}

fn invalid() -> TokenError {
    DecodeError::Shape { field: "access_token".into() }.into()
}

fn platform(call: Call, status: u16) -> PlatformError {
    PlatformError::ErrorResponse { call, response: ErrorResponse::from_body(status, b"{}") }
}

fn timed_out() -> http_client::Error {
    let (host, after) = ("a.test".to_owned(), Duration::from_secs(1));
    http_client::Error::Timeout { host, phase: Phase::Connecting, after }
}

fn exchange(source: TokenError) -> Error {
    Error::KeyExchange { name: "key".into(), source: source.into() }
}

fn creation(status: u16) -> Error {
    Error::KeyCreation { name: "key".into(), source: platform(Call::CreateApiKey, status).into() }
}

fn no_project(failure: Option<u16>) -> Error {
    let failure = failure.map(|status| platform(Call::Projects, status).into());
    Error::NoProject { seen: SearchSummary::default(), failure }
}

fn changed() -> StoreError {
    StoreError::Changed { name: "the store".into() }
}

fn busy() -> Error {
    Error::StoreBusy { waited: Duration::from_secs(45), holder: None, claimed_by: None }
}

// threats 113
#[test]
fn error_is_transient_only_if_another_try_is_harmless() {
    let unreachable = OAuthError::Unreachable { after: Duration::ZERO, source: timed_out() };
    for (error, is_transient) in [
        (Error::Cancelled, false),
        (busy(), true),
        (Error::Store(changed()), true),
        (Error::NotWritable(changed()), true),
        (Error::TokensNotStored(changed()), false),
        (unreachable.into(), true),
        (OAuthError::DeviceCode(refused(503)).into(), true),
        (OAuthError::CodeExchange(refused(400)).into(), false),
        (Error::Refresh(refused(503)), true),
        (Error::Refresh(refused(400)), false),
        (Error::SignInEnded(refused(503)), false),
        // That of a gateway.
        (Error::Refresh(refused(401)), true),
        (Error::Platform(platform(Call::Projects, 503)), true),
        (Error::Platform(platform(Call::Projects, 404)), false),
        (Error::AccessTokenNotAccepted(platform(Call::LogIn, 401)), false),
        (no_project(Some(503)), true),
        (no_project(None), false),
        (exchange(TokenError::Http(timed_out())), true),
        (exchange(refused(503)), false),
        (creation(429), true),
        (creation(503), false),
    ] {
        assert_eq!(error.is_transient(), is_transient, "{error:?}");
    }
}

// threats 132
#[test]
fn key_may_exist_only_if_a_request_for_one_may_have_taken_effect() {
    for (error, key_may_exist) in [
        (exchange(refused(503)), true),
        (exchange(invalid()), true),
        (exchange(refused(400)), false),
        (creation(503), true),
        (creation(400), false),
        (Error::Platform(platform(Call::Projects, 503)), false),
        (Error::Refresh(refused(503)), false),
    ] {
        assert_eq!(error.key_may_exist(), key_may_exist, "{error:?}");
    }
}

#[test]
fn new_sign_in_helps_only_if_the_stored_one_does_not_work() {
    let (stored, asked) = (|| "stored".to_owned(), || "asked".to_owned());
    for (error, requires_sign_in) in [
        (Error::Platform(platform(Call::LogIn, 401)), true),
        (Error::Platform(platform(Call::LogIn, 500)), false),
        (Error::AccessTokenNotAccepted(platform(Call::LogIn, 401)), true),
        (Error::SignInEnded(refused(400)), true),
        (Error::UnsupportedAuthMode { auth_mode: "passkey".into() }, true),
        (Error::OtherIssuer { stored: stored(), asked: asked() }, true),
        (Error::OtherClient { stored: stored(), asked: asked() }, true),
        (Error::Refresh(refused(503)), false),
        (Error::Cancelled, false),
        (busy(), false),
    ] {
        assert_eq!(error.requires_sign_in(), requires_sign_in, "{error:?}");
    }
}

#[track_caller]
fn assert_status(error: &Error, expected: u16) {
    let response = error.request_failure().and_then(RequestFailure::error_response);
    assert_eq!(response.map(|it| it.status), Some(expected), "{error:?}");
}

#[test]
fn failed_request_is_found_in_each_error() {
    assert_status(&OAuthError::DeviceCode(refused(418)).into(), 418);
    assert_status(&OAuthError::CodeExchange(refused(418)).into(), 418);
    assert_status(&Error::Refresh(refused(418)), 418);
    assert_status(&Error::SignInEnded(refused(418)), 418);
    assert_status(&exchange(refused(418)), 418);
    assert_status(&creation(418), 418);
    assert_status(&Error::Platform(platform(Call::LogIn, 418)), 418);
    assert_status(&Error::AccessTokenNotAccepted(platform(Call::LogIn, 418)), 418);
    assert_status(&no_project(Some(418)), 418);
    assert!(no_project(None).request_failure().is_none());
    assert!(Error::Cancelled.request_failure().is_none());
    let error = OAuthError::Unreachable { after: Duration::ZERO, source: timed_out() }.into();
    let failure = Error::request_failure(&error);
    assert!(matches!(failure, Some(RequestFailure::NoResponse(_))), "{failure:?}");
}

/// The last search is not described if no search had a result.
#[test]
fn error_without_a_project_says_what_was_searched() {
    let message = "timed out waiting for an organization and default project";
    assert_eq!(no_project(Some(503)).to_string(), message);
    assert_eq!(no_project(None).to_string(), format!("{message}: no organization found"));
}
