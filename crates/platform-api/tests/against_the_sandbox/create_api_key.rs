//! How often a key is created, and whether it may exist after an error.

use std::time::Duration;

use platform_api::Error;
use sandbox::{Endpoint, Scenario, Then, Tls};
use serde_json::json;

use crate::support::{TestPlatform, organization_id, project_id};

/// Creates a key, which fails. Asserts that the request was sent once.
async fn creation_with(then: Then) -> Error {
    creation_at(TestPlatform::with(Endpoint::ApiKeys, then).await).await
}

async fn creation_at(test: TestPlatform) -> Error {
    let session = test.log_in().await.unwrap();
    let (organization, project) = (organization_id("org-ada"), project_id("proj_ada"));
    let error = session.create_api_key(&organization, &project, "a name").await.unwrap_err();
    test.only_request_at(&Endpoint::ApiKeys);
    error
}

// threats 132
#[tokio::test]
async fn creation_without_response_is_not_retried() {
    let broken = [500, 502, 503, 504].map(|status| Then::json(status, json!({})));
    let lost = [Then::Lose, Then::Close, Then::Reset, Then::CutOff { after: 5 }];
    for then in broken.into_iter().chain(lost) {
        let error = creation_with(then).await;
        assert!(error.may_have_created_key(), "{error:?}");
    }
}

// threats 132
#[tokio::test]
async fn creation_is_not_retried_if_tls_fails_after_the_request() {
    for tls in [Tls::On, Tls::Http11] {
        let error = creation_at(TestPlatform::garbling(tls, Endpoint::ApiKeys).await).await;
        assert!(error.may_have_created_key(), "{error:?}");
    }
}

// threats 129 130
#[tokio::test]
async fn refused_creation_created_no_key() {
    for status in [400, 401, 403, 404, 409, 429] {
        let error = creation_with(Then::json(status, json!({}))).await;
        assert!(!error.may_have_created_key(), "{error:?}");
    }
}

// threats 132
#[tokio::test]
async fn unsent_creation_created_no_key() {
    let test = TestPlatform::new(Scenario::default()).await;
    let session = test.log_in().await.unwrap();
    test.sandbox.stop().await;
    let (organization, project) = (organization_id("org-ada"), project_id("proj_ada"));
    let error = session.create_api_key(&organization, &project, "a name").await.unwrap_err();
    assert!(error.is_transient() && !error.may_have_created_key(), "{error:?}");
}

// threats 132 138
#[tokio::test]
async fn silent_platform_times_out_after_thirty_seconds() {
    for at in [Endpoint::Organizations, Endpoint::ApiKeys] {
        let test = TestPlatform::with(at.clone(), Then::Hang).await;
        let session = test.log_in().await.unwrap();
        let (organization, project) = (organization_id("org-ada"), project_id("proj_ada"));
        let mut answer = std::pin::pin!(async {
            match at {
                Endpoint::ApiKeys => {
                    let key = session.create_api_key(&organization, &project, "a name");
                    key.await.map(drop)
                }
                _ => session.organizations().await.map(drop),
            }
        });
        let arrival = test.sandbox.wait_for_requests(&at, 1, Duration::from_secs(10));
        tokio::select! {
            answer = &mut answer => panic!("too early: {answer:?}"),
            arrived = arrival => drop(arrived.unwrap()),
        }
        // From here on, time advances automatically when all tasks are idle.
        tokio::time::pause();
        let error = answer.await.unwrap_err();
        tokio::time::resume();
        let Error::Http { source, .. } = &error else { panic!("{error:?}") };
        let words = format!("{} did not respond within 30 seconds", source.host());
        assert_eq!(source.to_string(), words);
        assert_eq!(error.may_have_created_key(), at == Endpoint::ApiKeys);
        test.only_request_at(&at);
    }
}
