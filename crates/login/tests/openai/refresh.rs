//! The errors of a refresh.

use credentials::RefreshToken;
use login::openai::requires_reauthentication;
use sandbox::{Account, Endpoint, Then};
use serde_json::json;

use crate::support::TestIssuer;

// threats 112 113
#[tokio::test]
async fn final_and_transient_refresh_errors_are_distinguished() {
    let cases = [
        (Then::json(401, json!({"error": {"code": "refresh_token_reused"}})), true),
        (Then::json(400, json!({"error": "invalid_grant"})), true),
        (Then::json(401, json!({"error": "invalid_client"})), true),
        (Then::json(400, json!({"error": "app_session_terminated"})), true),
        (Then::text(503, "text/html", "<html>"), false),
        (Then::json(429, json!({})), false),
        (Then::Lose, false),
    ];
    for (then, is_final) in cases {
        let test = TestIssuer::with(Endpoint::TokenRefresh, then).await;
        let minted = test.sandbox.mint(Account::OWNER).unwrap();
        let refresh_token = RefreshToken::new(minted.refresh_token.unwrap()).unwrap();
        let error = test.client.refresh(&refresh_token).await.unwrap_err();
        assert_eq!(requires_reauthentication(&error), is_final, "{error:?}");
        assert_eq!(error.is_transient(), !is_final, "{error:?}");
    }
}

/// It does not mean that the refresh token is invalid.
// threats 113
#[tokio::test]
async fn gateway_401_does_not_require_reauthentication() {
    for then in [Then::json(401, json!({})), Then::text(401, "text/html", "<html>")] {
        let test = TestIssuer::with(Endpoint::TokenRefresh, then).await;
        let minted = test.sandbox.mint(Account::OWNER).unwrap();
        let refresh_token = RefreshToken::new(minted.refresh_token.unwrap()).unwrap();
        let error = test.client.refresh(&refresh_token).await.unwrap_err();
        assert!(!requires_reauthentication(&error), "{error:?}");
    }
}
