extern crate alloc;

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The value of `code_challenge_method`. The only one: a server that
/// requires `plain` or rejects PKCE is not supported
/// ([RFC 7636 §7.2](https://www.rfc-editor.org/rfc/rfc7636#section-7.2)).
pub const CODE_CHALLENGE_METHOD: &str = "S256";

/// The `code_challenge` of a [`CodeVerifier`](crate::CodeVerifier), for the authorization URL. It is
/// public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    pub(crate) fn from_digest(sha256: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(sha256))
    }

    /// The challenge as the URL has it: base64url without padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::CodeVerifier;
    use proptest::prelude::*;

    // threats 1
    #[test]
    fn matches_the_example_of_rfc_7636() {
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    proptest! {
        // threats 1 2
        #[test]
        fn challenge_is_43_characters_of_base64url(verifier in "[A-Za-z0-9._~-]{43,128}") {
            let challenge = CodeVerifier::new(verifier).unwrap().challenge();
            prop_assert_eq!(challenge.as_str().len(), 43);
            let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            prop_assert!(challenge.as_str().chars().all(base64url));
        }
    }
}
