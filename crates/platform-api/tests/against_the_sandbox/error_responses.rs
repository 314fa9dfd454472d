//! Error responses of the platform, and the errors of the client.

use std::error::Error as _;
use std::time::Duration;

use platform_api::{Call, Error};
use sandbox::{Body, Endpoint, Reply, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{TestPlatform, organization_id, project_id};

const CALLS: [(Endpoint, Call); 4] = [
    (Endpoint::Onboarding, Call::LogIn),
    (Endpoint::Organizations, Call::Organizations),
    (Endpoint::Projects, Call::Projects),
    (Endpoint::ApiKeys, Call::CreateApiKey),
];

/// Runs all calls until the endpoint that returns `then`. Asserts that it got one request.
async fn fails_at(at: &Endpoint, then: Then) -> Error {
    let test = TestPlatform::with(at.clone(), then).await;
    let error = all_calls(&test).await.unwrap_err();
    test.only_request_at(at);
    let shown = format!("{error} {error:?} {:?}", error.source());
    let canaries = test.sandbox.canaries();
    assert!(!canaries.iter().any(|canary| shown.contains(canary)), "{shown}");
    error
}

async fn all_calls(test: &TestPlatform) -> Result<(), Error> {
    let session = test.log_in().await?;
    session.organizations().await?;
    let (organization, project) = (organization_id("org-ada"), project_id("proj_ada"));
    session.projects(&organization).await?;
    session.create_api_key(&organization, &project, "a name").await?;
    Ok(())
}

// threats 126 128 129 130 131
#[tokio::test]
async fn error_names_the_call_and_the_reason() {
    for (at, call) in &CALLS {
        for status in [401, 403, 404, 409, 429, 500, 503] {
            let body = json!({"error": {"code": "a_code", "message": "Why\u{1b}[2J"}});
            let error = fails_at(at, Then::json(status, body)).await;
            assert_eq!(error.call(), *call);
            let words =
                format!("cannot {call}: the platform refused: HTTP {status}, a_code: Why[2J");
            assert_eq!(error.to_string(), words);
            assert_eq!(error.is_transient(), status == 429 || status >= 500);
        }
    }
}

// threats 130
#[tokio::test]
async fn error_has_retry_after_and_request_id() {
    let headers = vec![("retry-after".into(), "2".into()), ("x-request-id".into(), "req_1".into())];
    let then = Then::Respond(Reply { status: 429, headers, body: Body::Json(json!({})) });
    let error = fails_at(&Endpoint::Projects, then).await;
    assert_eq!(error.request_failure().retry_after(), Some(Duration::from_secs(2)));
    assert_eq!(
        error.to_string(),
        "cannot list the projects: the platform refused: HTTP 429 (request req_1)"
    );
}

// threats 71 141 142
#[tokio::test]
async fn missing_or_invalid_field_is_named() {
    let cases: [(usize, Then, &str); 7] = [
        (0, replaced("/user/session/sensitive_id", json!("")), "user.session.sensitive_id"),
        (0, replaced("/user/session/sensitive_id", json!("a\r\nb")), "user.session.sensitive_id"),
        (0, replaced("/user", Value::Null), "user"),
        (1, replaced("/data", Value::Null), "data"),
        (2, replaced("/data", json!({})), "data"),
        (3, replaced("/key/sensitive_id", Value::Null), "key.sensitive_id"),
        (3, Then::json(200, json!({})), "key"),
    ];
    for (number, then, field) in cases {
        let (at, call) = &CALLS[number];
        let error = fails_at(at, then).await;
        assert_eq!(error.to_string(), format!("cannot {call}"));
        let source = error.source().unwrap().to_string();
        assert_eq!(source, format!("the response has no usable `{field}`"));
    }
}

fn replaced(pointer: &str, value: Value) -> Then {
    Then::Replace { pointer: pointer.into(), value }
}

// threats 71
#[tokio::test]
async fn html_error_page_is_not_printed() {
    for (at, call) in &CALLS {
        let error = fails_at(at, Then::text(403, "text/html", "<html>Blocked</html>")).await;
        assert_eq!(
            error.to_string(),
            format!("cannot {call}: the platform refused: HTTP 403, not JSON")
        );
        let error = fails_at(at, Then::text(200, "text/html", "<html>Blocked</html>")).await;
        let source = error.source().unwrap().to_string();
        assert_eq!(source, "the response is not JSON (HTTP 200, text/html)");
    }
}

// threats 144
#[tokio::test]
async fn redirect_is_not_followed() {
    for (at, _) in &CALLS {
        let other = TestPlatform::new(Scenario::default()).await;
        let location = format!("{}/elsewhere", other.sandbox.api_url());
        let error = fails_at(at, Then::Redirect { status: 307, location }).await;
        assert!(!error.is_transient(), "{error:?}");
        assert!(other.sandbox.requests().is_empty());
    }
}

// threats 146
#[tokio::test]
async fn endless_or_truncated_body_is_an_error() {
    for (at, _) in &CALLS {
        let Error::Http { source, .. } = fails_at(at, Then::Endless).await else { panic!() };
        // Many lists of projects are read at the same time.
        let limit = if *at == Endpoint::Projects { 512 * 1024 } else { 1024 * 1024 };
        assert!(matches!(source, http_client::Error::TooLarge { limit: l, .. } if l == limit));
        let error = fails_at(at, Then::CutOff { after: 3 }).await;
        assert!(error.is_transient(), "{error:?}");
    }
}
