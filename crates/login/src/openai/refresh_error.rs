use http_client::ErrorResponse;
use token_client::Error;

/// Another process has used the refresh token, and has the new one.
const REUSED: &str = "refresh_token_reused";

/// The errors of OpenAI after which a refresh token is useless, with any status.
const FINAL: [&str; 7] = [
    REUSED,
    "invalid_grant",
    "refresh_token_expired",
    "refresh_token_invalidated",
    "invalid_refresh_token",
    "app_session_expired",
    "app_session_terminated",
];

/// Whether a refresh with this error can only fail again, so that the person has to sign in, unless another
/// process has refreshed meanwhile.
///
/// A 401 counts only with an error of the issuer: a gateway has error pages of its own.
#[must_use]
pub fn requires_reauthentication(error: &Error) -> bool {
    let is_unauthorized = |it: &ErrorResponse| it.status == 401 && it.is_known_format;
    error.error_response().is_some_and(is_unauthorized)
        || code(error).is_some_and(|code| FINAL.contains(&code))
}

/// Whether another process has used the refresh token, so that the store may have its successor.
#[must_use]
pub fn is_refresh_token_reused(error: &Error) -> bool {
    code(error) == Some(REUSED)
}

fn code(error: &Error) -> Option<&str> {
    error.error_response()?.code.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_client::ErrorResponse;

    #[track_caller]
    fn assert_kind(status: u16, body: &str, is_final: bool, is_transient: bool) {
        let error = Error::ErrorResponse(ErrorResponse::from_body(status, body.as_bytes()));
        assert_eq!(requires_reauthentication(&error), is_final, "{status} {body}");
        assert_eq!(error.is_transient(), is_transient, "{status} {body}");
    }

    // threats 112 113
    #[test]
    fn only_the_final_errors_require_a_new_sign_in() {
        for code in FINAL {
            for status in [400, 401, 403] {
                assert_kind(status, &format!(r#"{{"error":"{code}"}}"#), true, false);
                assert_kind(status, &format!(r#"{{"error":{{"code":"{code}"}}}}"#), true, false);
            }
        }
        assert_kind(401, r#"{"error":"server_error"}"#, true, false);
        let object = r#"{"error":{"message":"M","type":"t","param":null,"code":null}}"#;
        assert_kind(401, object, true, false);
        assert_kind(400, r#"{"error":"invalid_request"}"#, false, false);
        assert_kind(403, "<html>", false, false);
        assert_kind(429, "{}", false, true);
        assert_kind(500, "{}", false, true);
        assert_kind(503, "<html>", false, true);
    }

    // threats 112 113
    #[test]
    fn gateway_401_is_not_final() {
        for body in [
            "",
            "<html><h1>401 Authorization Required</h1></html>",
            "{}",
            "[]",
            r#"{"message":"Unauthorized"}"#,
            r#"{"detail":"Unauthorized"}"#,
            r#"{"status":401,"error":"Unauthorized","path":"/oauth/token"}"#,
            r#"{"error":{"code":401,"message":"Unauthorized","status":"UNAUTHENTICATED"}}"#,
        ] {
            assert_kind(401, body, false, false);
        }
    }
}
