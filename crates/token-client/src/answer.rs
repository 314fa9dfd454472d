//! The `token_type` of a token response.

use http_client::{DecodeError, Response};
use serde::Deserialize;

/// The one type of token that this client knows how to use.
pub(crate) const BEARER: &str = "Bearer";

#[derive(Deserialize)]
struct TokenType {
    #[serde(default)]
    token_type: Option<String>,
}

/// Refuses an answer that says another `token_type` than the `known` ones, in any case: a token of a
/// type that the client does not understand must not be used
/// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
pub(crate) fn check_type(answer: &Response, known: &[&str]) -> Result<(), DecodeError> {
    let TokenType { token_type } = answer.decode()?;
    if is_known(token_type.as_deref(), known) {
        return Ok(());
    }
    let field = "token_type".into();
    Err(DecodeError::Shape { field })
}

/// The issuer documents no `token_type`, so one that is not there is bearer.
pub(crate) fn is_known(token_type: Option<&str>, known: &[&str]) -> bool {
    match token_type {
        Some(named) => known.iter().any(|known| named.eq_ignore_ascii_case(known)),
        None => {
            tracing::debug!("no token_type, taken for bearer");
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn type_is_known(token_type: Option<&str>, bearer: bool, exchanged: bool) {
        assert_eq!(is_known(token_type, &[BEARER]), bearer, "{token_type:?}");
        let known = is_known(token_type, &[BEARER, "N_A"]);
        assert_eq!(known, exchanged, "{token_type:?}");
    }

    // threats 86
    #[test]
    fn a_token_of_an_unknown_type_is_not_used() {
        type_is_known(None, true, true);
        type_is_known(Some("bearer"), true, true);
        type_is_known(Some("BEARER"), true, true);
        type_is_known(Some("N_A"), false, true);
        type_is_known(Some("mac"), false, false);
        type_is_known(Some("DPoP"), false, false);
        type_is_known(Some(""), false, false);
        assert!(serde_json::from_str::<TokenType>(r#"{"token_type":7}"#).is_err());
        assert!(serde_json::from_str::<TokenType>(r#"{"token_type":null}"#).is_ok());
    }
}
