//! Error responses of the token endpoint, and the errors of the client.

use credentials::RefreshToken;
use sandbox::{Body, Endpoint, Reply, Scenario, Then};
use serde_json::{Value, json};
use token_client::Error;

use crate::rig::Rig;

/// A sign-in with the token response `then`. Asserts that the request was sent once.
async fn sign_in_with(then: Then) -> Error {
    let rig = Rig::with(Endpoint::TokenCode, then).await;
    let error = rig.sign_in().await.unwrap_err();
    assert_eq!(rig.sandbox.requests_at(&Endpoint::Token).len(), 1, "{error:?}");
    let shown = format!("{error} {error:?}");
    let canaries = rig.sandbox.canaries();
    assert!(!canaries.iter().any(|canary| canary.len() > 8 && shown.contains(canary)), "{shown}");
    error
}

#[track_caller]
fn assert_message(error: &Error, words: &str) {
    assert_eq!(error.to_string(), words);
}

// threats 5 69
#[tokio::test]
async fn error_has_status_code_and_description() {
    for code in ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"] {
        for status in [400, 401] {
            let body = json!({"error": code, "error_description": "Why\u{1b}[2J it is so"});
            let error = sign_in_with(Then::json(status, body)).await;
            let words = format!("HTTP {status}, {code}: Why[2J it is so");
            assert_message(&error, &format!("the issuer refused: {words}"));
            assert!(!error.is_transient());
        }
    }
}

// threats 5
#[tokio::test]
async fn sign_in_fails_if_the_issuer_rejects_pkce() {
    let body =
        json!({"error": "invalid_request", "error_description": "code_verifier is not supported"});
    let error = sign_in_with(Then::json(400, body)).await;
    let words = "HTTP 400, invalid_request: code_verifier is not supported";
    assert_message(&error, &format!("the issuer refused: {words}"));
    assert!(!error.is_transient());
}

// threats 71
#[tokio::test]
async fn html_error_page_is_not_printed() {
    let page = "<html><h1>Access denied for your country</h1></html>";
    let error = sign_in_with(Then::text(403, "text/html", page)).await;
    assert_message(&error, "the issuer refused: HTTP 403, not JSON");
    let error = sign_in_with(Then::text(200, "text/html", page)).await;
    assert_message(&error, "the issuer's response cannot be used");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the response is not JSON (HTTP 200, text/html)");
}

// threats 72
#[tokio::test]
async fn token_response_is_json_with_any_content_type() {
    let tokens = json!({"id_token": "i", "access_token": "a", "refresh_token": "r"}).to_string();
    for content_type in ["text/plain", "application/json; charset=utf-16", ""] {
        let rig = Rig::with(Endpoint::TokenCode, Then::text(200, content_type, &tokens)).await;
        assert_eq!(rig.sign_in().await.unwrap().access_token.expose(), "a");
    }
    let utf16: Vec<u8> = tokens.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = format!("\u{feff}{tokens}").into_bytes();
    for body in [utf16, with_mark] {
        let reply = Reply { status: 200, headers: Vec::new(), body: Body::Bytes(body) };
        let error = sign_in_with(Then::Respond(reply)).await;
        assert!(matches!(error, Error::InvalidResponse(_)), "{error:?}");
    }
}

/// Losing the rotated token over a field that nothing needs would end the sign-in.
// threats 86 87 110
#[tokio::test]
async fn number_beyond_a_double_loses_no_rotated_token() {
    let fields = r#""expires_in": 1e400, "scope": 1e400, "interval": [1e400]"#;
    let body = format!(r#"{{"access_token": "a", "refresh_token": "r", {fields}}}"#);
    let rig = Rig::with(Endpoint::TokenRefresh, Then::text(200, "application/json", &body)).await;
    let refreshed = rig.client.refresh(&RefreshToken::new("old").unwrap()).await.unwrap();
    assert_eq!(refreshed.access_token.unwrap().expose(), "a");
    assert_eq!(refreshed.refresh_token.unwrap().expose(), "r");
    assert_eq!((refreshed.expires_in, refreshed.scope), (None, None));
}

// threats 85 86
#[tokio::test]
async fn missing_or_invalid_field_is_named() {
    let odd: [(Value, &str); 5] = [
        (json!({"access_token": null}), "access_token"),
        (json!({"access_token": ""}), "access_token"),
        (json!({"access_token": "a\r\nb"}), "access_token"),
        (json!({"token_type": "mac"}), "token_type"),
        (json!({"token_type": "N_A"}), "token_type"),
    ];
    for (patch, field) in odd {
        let error = sign_in_with(Then::Merge(patch)).await;
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, format!("the response has no usable `{field}`"));
    }
}

// threats 74
#[tokio::test]
async fn endless_body_stops_at_the_limit() {
    let error = sign_in_with(Then::Endless).await;
    let Error::Http(http_client::Error::TooLarge { limit, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(limit, 64 * 1024);
}

// threats 76
#[tokio::test]
async fn redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let other = Rig::new(Scenario::default()).await;
        let location = format!("{}/oauth/token", other.sandbox.issuer_url());
        let error = sign_in_with(Then::Redirect { status, location }).await;
        let Error::Http(error) = &error else { panic!("{error:?}") };
        let words = format!("unexpected redirect from {} (HTTP {status})", error.host());
        assert_eq!(error.to_string(), words);
        assert!(other.sandbox.requests().is_empty());
    }
}
